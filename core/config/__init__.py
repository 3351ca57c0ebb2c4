"""The configuration: a TOML file in which every key is optional, and environment variables."""

from core.config.example import example_config
from core.config.load import default_settings, load_settings
from core.config.places import config_path, default_database
from core.config.settings import (
    After,
    InboxSettings,
    IoPriority,
    JobSettings,
    SeparationSettings,
    Settings,
    Watch,
)

__all__ = [
    "After",
    "InboxSettings",
    "IoPriority",
    "JobSettings",
    "SeparationSettings",
    "Settings",
    "Watch",
    "config_path",
    "default_database",
    "default_settings",
    "example_config",
    "load_settings",
]
