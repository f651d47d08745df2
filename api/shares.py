"""Fair shares of a limited number."""

from collections import Counter

from jobs.records.job import LOCAL


class Shares:
    """At most `most` of something at once. An API key that has as many as are still free gets no
    more, so that others find some. On a server without keys all belong to one owner, who may have
    all."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._owners: Counter[str] = Counter()

    @property
    def total(self) -> int:
        """How many are taken."""
        return self._owners.total()

    def of(self, owner: str) -> int:
        """How many an owner has."""
        return self._owners[owner]

    def allows(self, owner: str) -> bool:
        """Whether the owner may have one more, if there were one."""
        return owner == LOCAL or self.of(owner) < max(self.most - self.total, 1)

    def take(self, owner: str) -> bool:
        """Take one for this owner; False when there is none. `give_back` returns it."""
        if self.total >= self.most or not self.allows(owner):
            return False
        self._owners[owner] += 1
        return True

    def give_back(self, owner: str) -> None:
        self._owners[owner] -= 1
        if not self._owners[owner]:
            del self._owners[owner]
