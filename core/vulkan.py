"""Which graphics adapters Vulkan offers here.

Drivers are loaded into the process that asks, some print, and broken ones crash. So the asking
is done by a short-lived child, which runs this very file: a crash there is an answer here, and
what it prints goes nowhere. It costs about 0.1 s.

Structures and numbers are those of the Vulkan 1.3 specification (vulkan_core.h).
"""

import ctypes
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

LOADER = "libvulkan.so.1"
TIMEOUT = 20.0
"""Seconds. A driver that wakes a sleeping GPU takes a few."""


class AdapterKind(StrEnum):
    """What sort of device an adapter is."""

    DISCRETE = "discrete"
    INTEGRATED = "integrated"
    VIRTUAL = "virtual"
    CPU = "cpu"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Adapter:
    """One Vulkan device.

    Attributes
    ----------
    name
        As the driver calls it.
    kind
        What sort of device it is.
    driver
        Name and version of the driver.
    api_version
        Highest Vulkan version it offers, `major.minor.patch`.
    """

    name: str
    kind: AdapterKind
    driver: str
    api_version: str

    @property
    def is_software(self) -> bool:
        """Whether the CPU does the work of this adapter."""
        text = f"{self.name} {self.driver}".lower()
        return self.kind is AdapterKind.CPU or any(name in text for name in _SOFTWARE)


@dataclass(frozen=True, slots=True)
class AdapterReport:
    """What Vulkan said.

    Attributes
    ----------
    adapters
        In Vulkan's order.
    problem
        Why there are none, in plain words; None where there are some.
    """

    adapters: tuple[Adapter, ...]
    problem: str | None


def list_adapters(*, timeout: float = TIMEOUT) -> AdapterReport:
    """Ask Vulkan for its adapters. Never raises and never prints.

    Parameters
    ----------
    timeout
        Seconds until a driver that does not answer is given up.
    """
    try:
        child = subprocess.run(
            [sys.executable, "-I", "-S", str(Path(__file__))],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return AdapterReport((), f"A Vulkan driver did not answer within {timeout:g} seconds.")
    except (OSError, ValueError) as exc:
        return AdapterReport((), f"Vulkan could not be asked: {exc}.")
    if child.returncode < 0:
        how = signal.strsignal(-child.returncode) or f"signal {-child.returncode}"
        return AdapterReport((), f"A Vulkan driver crashed when asked for its devices ({how}).")
    try:
        answer = json.loads(child.stdout)
        adapters = tuple(
            Adapter(item["name"], AdapterKind(item["kind"]), item["driver"], item["api_version"])
            for item in answer["adapters"]
        )
        return AdapterReport(adapters, answer["problem"])
    except (ValueError, KeyError, TypeError):
        return AdapterReport((), f"Vulkan could not be asked (exit code {child.returncode}).")


_SOFTWARE = ("swiftshader", "llvmpipe", "lavapipe", "softpipe")

_KINDS = {
    1: AdapterKind.INTEGRATED,
    2: AdapterKind.DISCRETE,
    3: AdapterKind.VIRTUAL,
    4: AdapterKind.CPU,
}

_PROBLEMS = {
    -1: "Vulkan ran out of memory.",
    -2: "Vulkan ran out of device memory.",
    -3: "A Vulkan driver failed to start.",
    -9: "No Vulkan driver is installed, or none of them finds its device.",
}

_APPLICATION_INFO = 0
_INSTANCE_CREATE_INFO = 1
_PROPERTIES_2 = 1000059001
_DRIVER_PROPERTIES = 1000196000
_INCOMPLETE = 5


class _ApplicationInfo(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int32),
        ("next", ctypes.c_void_p),
        ("application_name", ctypes.c_char_p),
        ("application_version", ctypes.c_uint32),
        ("engine_name", ctypes.c_char_p),
        ("engine_version", ctypes.c_uint32),
        ("api_version", ctypes.c_uint32),
    )


class _InstanceCreateInfo(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int32),
        ("next", ctypes.c_void_p),
        ("flags", ctypes.c_uint32),
        ("application", ctypes.POINTER(_ApplicationInfo)),
        ("layer_count", ctypes.c_uint32),
        ("layers", ctypes.c_void_p),
        ("extension_count", ctypes.c_uint32),
        ("extensions", ctypes.c_void_p),
    )


class _Properties(ctypes.Structure):
    _fields_ = (
        ("api_version", ctypes.c_uint32),
        ("driver_version", ctypes.c_uint32),
        ("vendor", ctypes.c_uint32),
        ("device", ctypes.c_uint32),
        ("kind", ctypes.c_int32),
        ("name", ctypes.c_char * 256),
        ("cache_uuid", ctypes.c_uint8 * 16),
        # VkPhysicalDeviceLimits, 504 bytes: nothing in it is of interest here.
        ("limits", ctypes.c_uint64 * 63),
        ("sparse", ctypes.c_uint32 * 5),
    )


class _DriverProperties(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int32),
        ("next", ctypes.c_void_p),
        ("driver", ctypes.c_int32),
        ("name", ctypes.c_char * 256),
        ("info", ctypes.c_char * 256),
        ("conformance", ctypes.c_uint8 * 4),
    )


class _Properties2(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int32),
        ("next", ctypes.c_void_p),
        ("properties", _Properties),
    )


def _version(major: int, minor: int) -> int:
    return major << 22 | minor << 12


def enumerate_here() -> AdapterReport:
    """Ask in this process: its drivers are loaded into it. Prefer `list_adapters`."""
    try:
        vulkan = ctypes.CDLL(LOADER)
    except OSError:
        return AdapterReport((), f"The Vulkan loader ({LOADER}) is not installed.")
    instance = ctypes.c_void_p()
    status = _create_instance(vulkan, instance)
    if status != 0:
        problem = _PROBLEMS.get(status, f"Vulkan could not be started (error {status}).")
        return AdapterReport((), problem)
    try:
        count = ctypes.c_uint32()
        status = vulkan.vkEnumeratePhysicalDevices(instance, ctypes.byref(count), None)
        devices = (ctypes.c_void_p * count.value)()
        if status == 0 and count.value:
            status = vulkan.vkEnumeratePhysicalDevices(instance, ctypes.byref(count), devices)
        if status not in (0, _INCOMPLETE):
            problem = _PROBLEMS.get(status, f"Vulkan could not list its devices (error {status}).")
            return AdapterReport((), problem)
        adapters = tuple(_describe(vulkan, handle) for handle in devices[: count.value] if handle)
        return AdapterReport(adapters, None if adapters else "Vulkan finds no device here.")
    finally:
        vulkan.vkDestroyInstance(instance, None)


def _create_instance(vulkan: ctypes.CDLL, instance: ctypes.c_void_p) -> int:
    highest = ctypes.c_uint32(_version(1, 0))
    # A 1.0 loader lacks this function and refuses an application that asks for more.
    if hasattr(vulkan, "vkEnumerateInstanceVersion"):
        vulkan.vkEnumerateInstanceVersion(ctypes.byref(highest))
    application = _ApplicationInfo(
        type=_APPLICATION_INFO,
        application_name=b"minusone",
        api_version=min(highest.value, _version(1, 2)),
    )
    create = _InstanceCreateInfo(
        type=_INSTANCE_CREATE_INFO, application=ctypes.pointer(application)
    )
    return int(vulkan.vkCreateInstance(ctypes.byref(create), None, ctypes.byref(instance)))


def _describe(vulkan: ctypes.CDLL, handle: int) -> Adapter:
    device = ctypes.c_void_p(handle)
    properties = _Properties()
    vulkan.vkGetPhysicalDeviceProperties(device, ctypes.byref(properties))
    driver = f"vendor {properties.vendor:#06x}, version {properties.driver_version:#x}"
    # The driver's own name came with 1.2; older ones may not know the structure.
    if properties.api_version >= _version(1, 2) and hasattr(
        vulkan, "vkGetPhysicalDeviceProperties2"
    ):
        details = _DriverProperties(type=_DRIVER_PROPERTIES)
        chain = _Properties2(
            type=_PROPERTIES_2, next=ctypes.cast(ctypes.pointer(details), ctypes.c_void_p)
        )
        vulkan.vkGetPhysicalDeviceProperties2(device, ctypes.byref(chain))
        driver = f"{_text(details.name)} {_text(details.info)}".strip() or driver
    version = properties.api_version
    return Adapter(
        name=_text(properties.name),
        kind=_KINDS.get(properties.kind, AdapterKind.OTHER),
        driver=driver,
        api_version=f"{version >> 22 & 0x7F}.{version >> 12 & 0x3FF}.{version & 0xFFF}",
    )


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace").strip()


def _answer() -> None:
    # Drivers may print: file descriptor 1 goes away, and the answer alone takes the old one.
    answer = os.dup(1)
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    report = enumerate_here()
    adapters = [
        {
            "name": adapter.name,
            "kind": adapter.kind,
            "driver": adapter.driver,
            "api_version": adapter.api_version,
        }
        for adapter in report.adapters
    ]
    os.write(answer, json.dumps({"adapters": adapters, "problem": report.problem}).encode())


if __name__ == "__main__":
    _answer()
