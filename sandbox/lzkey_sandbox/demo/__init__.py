"""A landing zone on this machine, its keys judged, and its good key broken the two ways that happen."""

from lzkey_sandbox.demo.story import Act, Audit, Kept, KeyTable, Row, Scene, scenes

__all__ = ["Act", "Audit", "Kept", "KeyTable", "Row", "Scene", "scenes"]
