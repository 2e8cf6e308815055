"""A person's answer to a release, and who that may be: not the one who started the run."""

import os
from collections.abc import Mapping
from typing import Any

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk.exceptions import AirflowFailException

APPROVERS = "ODCM_APPROVERS"


def approvers(starter: str | None) -> list[dict[str, str]] | None:
    """The users that ODCM_APPROVERS lists, without the one who started the run; None where it lists nobody.

    Each is a user's name, or name=id where the auth manager knows users by another id (FAB: a number).

    Raises:
        AirflowFailException: nobody is left.
    """
    listed = [
        entry.strip().partition("=") for entry in os.environ.get(APPROVERS, "").split(",") if entry.strip()
    ]
    users = [{"id": uid.strip() or name.strip(), "name": name.strip()} for name, _, uid in listed]
    if not users:
        return None
    others = [user for user in users if not same(user["name"], starter)]
    if not others:
        raise AirflowFailException(
            f"{APPROVERS} lists nobody but {starter}, who started the run: add somebody else, then clear this task"
        )
    return others


def same(one: str | None, other: str | None) -> bool:
    """Whether two names are one user."""
    return bool(one and other) and str(one).strip().casefold() == str(other).strip().casefold()


class ApprovalByAnother(ApprovalOperator):
    """An approval that the user who started the run cannot give; a run that a schedule started has no such user."""

    def execute(self, context: Any) -> Any:
        """Ask those of ODCM_APPROVERS who may answer: Airflow turns the others away (403)."""
        self.assigned_users = approvers(context["dag_run"].triggering_user_name)
        return super().execute(context)

    def execute_complete(self, context: Any, event: Mapping[str, Any]) -> Any:
        """The answer.

        Raises:
            AirflowFailException: it came from the user who started the run.
        """
        answer = super().execute_complete(context, dict(event))
        starter, name = context["dag_run"].triggering_user_name, answer["responded_by_user"]["name"]
        if same(name, starter):
            raise AirflowFailException(
                f"{name} started this run and approved it; expected somebody else's approval. "
                "Clear this task: then another user can answer"
            )
        return answer
