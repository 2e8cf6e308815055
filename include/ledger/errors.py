"""What the ledger refuses, and what to do about it."""


class LedgerError(Exception):
    """The ledger refused a change; the message says which and why."""


class DeliveryTaken(LedgerError):
    """A delivery is already in a live batch (judged, committing or committed).

    Attributes:
        held_by: delivery id → id of the live batch that holds it.
    """

    def __init__(self, held_by: dict[str, str]) -> None:
        self.held_by = held_by
        batches = ", ".join(sorted(set(held_by.values())))
        super().__init__(
            f"{len(held_by)} of the deliveries are already in a live batch ({batches}): "
            "commit, stop or abandon that batch first"
        )


class Unbalanced(LedgerError):
    """The rows of a delivery do not add up: landed = accepted + quarantined + duplicate + not for us (R3)."""


class NotFound(LedgerError):
    """The ledger has no such batch, release or message."""


class WrongState(LedgerError):
    """The batch or release is in a state from which this step is not possible."""


class AlreadyRecorded(LedgerError):
    """A batch or release of this id is in the ledger already; ids are never used twice."""
