"""Makes the errand of a submission: from a program, or from what an earlier process wrote down."""

from __future__ import annotations

from typing import Any

from qrt_async.api.call import Call
from qrt_async.api.job_calls import NewJob
from qrt_async.api.models import CreatedJob
from qrt_async.programs.program import Program
from qrt_async.submit.carrier import Carrier
from qrt_async.submit.counter import Counter, Wishes
from qrt_async.submit.diary import Diary, Intent
from qrt_async.submit.errand import Errand
from qrt_async.submit.gates import Load
from qrt_async.submit.key import tag_of
from qrt_async.submit.passage import Passage


class Packer:
    """For one ``Submitter``: with its gates, its diary and its patience."""

    def __init__(self, counter: Counter, carrier: Carrier, diary: Diary, settle: float | None) -> None:
        self._counter = counter
        self._carrier = carrier
        self._diary = diary
        self._settle = settle

    async def fresh(self, passage: Passage, program: Program[Any], new: NewJob, wishes: Wishes) -> Errand:
        """Checked, encoded, and written down."""
        tag = tag_of(passage.key, passage.place.tenant)
        isa = wishes.get("isa", "check")
        call = await self._counter.sender.patiently(lambda: self._counter.written(program, new, isa, tag))
        intent = Intent(
            key=passage.key,
            program_id=new.program_id,
            backend=new.backend,
            body=call.request.body,
            priority=passage.place.priority,
            tenant=passage.place.tenant,
            cost=new.cost,
            tags=new.tags or (),
            session_id=new.session_id,
            private=new.private,
            instance=self._counter.instance,
            watch=wishes.get("watch", True),
        )
        await self._diary.intend(intent)
        return self.again(passage, call, intent)

    def again(
        self, passage: Passage, call: Call[CreatedJob], intent: Intent, *, suspect: bool = False
    ) -> Errand:
        """As it was written down. A ``suspect`` may have been sent."""

        load = Load(intent.backend, self._counter.instance, intent.cost)
        return Errand(
            self._counter.means,
            call,
            passage.key,
            load,
            place=passage.place,
            gates=self._carrier.gates,
            patient=True,
            settle=self._settle,
            leaving=lambda: self._carrier.leaving(passage, load),
            returned=lambda: self._carrier.returned(passage),
            suspect=suspect,
        )
