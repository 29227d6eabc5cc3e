"""Waivers: what people have decided not to wait for, for whom, until when. They change no proof."""
