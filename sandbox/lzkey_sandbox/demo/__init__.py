"""A landing zone on this machine, its key judged, broken the two ways that happen, and mended."""

from lzkey_sandbox.demo.story import Act, Audit, Deliveries, Kept, KeyTable, Row, Scene, Scoped, scenes

__all__ = ["Act", "Audit", "Deliveries", "Kept", "KeyTable", "Row", "Scene", "Scoped", "scenes"]
