"""A bound on work, in steps of about a microsecond: a hostile policy costs little more than a bad one."""


class TooComplexError(Exception):
    """The bound on the work is reached; internal to what has it, which answers that it is too complex."""


class Budget:
    """How much work is left; shared by everything that answers one question."""

    __slots__ = ("steps",)

    def __init__(self, steps: int) -> None:
        self.steps = steps

    def spend(self, steps: int) -> None:
        """Take steps away; raise `TooComplexError` when none are left."""
        self.steps -= steps
        if self.steps < 0:
            raise TooComplexError
