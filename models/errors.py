"""What can go wrong while a checkpoint becomes a model."""


class ConversionError(Exception):
    """A checkpoint cannot be read or is not the network that was asked for.

    Parameters
    ----------
    title
        One sentence: what happened, naming the file.
    detail
        What to do about it. May be empty.
    """

    def __init__(self, title: str, detail: str = "") -> None:
        super().__init__(title, detail)
        self.title = title
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.title} {self.detail}".strip()
