"""The shipped separation model, and what makes it again from a Spleeter checkpoint."""
