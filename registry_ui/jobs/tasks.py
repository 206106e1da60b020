"""The doorbell: the one Celery message of a job carries its id and nothing else."""

import logging
from uuid import UUID

from celery import shared_task
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from . import slots

logger = logging.getLogger(__name__)


@shared_task(name="registry_ui.jobs.run")
def run_job(job_id: str) -> None:
    """Somebody rang: run the job if it still waits. A bell too many changes nothing."""
    slots.answer_bell(UUID(job_id))


def ring(job_id: UUID) -> None:
    """Ring for a job. A bell that cannot be rung is only late: the sweeper rings again."""
    try:
        run_job.apply_async((str(job_id),), retry=False)
    except (OperationalError, RedisError, OSError) as error:
        logger.warning("Job %s waits for the sweeper, the broker did not take its message: %s", job_id, error)
