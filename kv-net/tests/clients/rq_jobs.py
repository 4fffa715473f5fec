"""Jobs with RQ: rq_jobs.py PORT queue|worker|scripts

Jobs are functions of the standard library: RQ wants them to be importable.
"""

import datetime
import logging
import sys
import threading

import redis
import rq
from rq.job import Job, JobStatus
from rq.registry import FailedJobRegistry, FinishedJobRegistry, ScheduledJobRegistry
from rq.scheduler import RQScheduler

port, topic = int(sys.argv[1]), sys.argv[2]
logging.disable(logging.CRITICAL)
r = redis.Redis(port=port)
r.flushall()
queue, urgent = rq.Queue("default", connection=r), rq.Queue("urgent", connection=r)


def work(*queues):
    """Works all off, in this process."""
    return rq.SimpleWorker(queues, connection=r).work(burst=True, logging_level="CRITICAL")


def jobs_wait_in_queues():
    first = queue.enqueue("operator.add", 1, 2)
    second = queue.enqueue("operator.add", args=(3, 4), job_id="second", description="a sum", meta={"by": "me"})
    front = queue.enqueue("operator.neg", 1, at_front=True)
    assert queue.job_ids == [front.id, first.id, "second"] and queue.count == 3
    assert Job.exists("second", connection=r) and queue.get_job_position("second") == 2
    fetched = Job.fetch("second", connection=r)
    assert fetched.args == (3, 4) and fetched.meta == {"by": "me"} and fetched.get_status() == JobStatus.QUEUED
    assert fetched.return_value() is None and fetched.result_ttl is None
    assert [q.name for q in rq.Queue.all(connection=r)] == ["default"]
    queue.enqueue_many([rq.Queue.prepare_data("operator.add", (i, i), job_id=f"many-{i}") for i in range(20)])
    assert queue.count == 23 and len(Job.fetch_many(["many-3", "none"], connection=r)) == 2


def jobs_depend_on_others():
    base = urgent.enqueue("operator.add", 1, 1)
    dependent = urgent.enqueue("operator.neg", 5, depends_on=base)
    assert dependent.get_status() == JobStatus.DEFERRED and urgent.count == 1
    assert dependent.id in urgent.deferred_job_registry.get_job_ids()
    base.delete()
    assert not Job.exists(base.id, connection=r)


def jobs_are_cancelled_and_scheduled():
    job = queue.enqueue("operator.neg", 1)
    job.cancel()
    assert job.get_status() == JobStatus.CANCELED and job.id in queue.canceled_job_registry.get_job_ids()
    later = queue.enqueue_in(datetime.timedelta(hours=1), "operator.neg", 2)
    registry = ScheduledJobRegistry(queue=queue)
    assert later.id in registry and registry.get_jobs_to_schedule() == []
    assert 3000 < (registry.get_scheduled_time(later) - datetime.datetime.now(datetime.timezone.utc)).seconds <= 3600


def a_worker_works_it_off():
    jobs = [queue.enqueue("operator.add", i, 1) for i in range(20)]
    broken = queue.enqueue("operator.truediv", 1, 0)
    base = urgent.enqueue("operator.add", 2, 3)
    dependent = queue.enqueue("operator.neg", 4, depends_on=base)
    assert work(urgent, queue)
    assert [job.return_value() for job in jobs] == list(range(1, 21))
    assert dependent.return_value() == -4 and base.get_status() == JobStatus.FINISHED
    assert "ZeroDivisionError" in broken.latest_result().exc_string
    assert len(FinishedJobRegistry(queue=queue)) == 21 and broken.id in FailedJobRegistry(queue=queue)
    assert queue.count == 0 and rq.Worker.count(connection=r) == 0
    broken.requeue()
    assert queue.job_ids == [broken.id]


def a_worker_that_forks_works_it_off():
    queue.remove(queue.job_ids[0])
    jobs = [queue.enqueue("operator.add", i, 1) for i in range(3)]
    assert rq.Worker([queue], connection=r).work(burst=True, logging_level="CRITICAL")
    assert [job.return_value() for job in jobs] == [1, 2, 3]


def a_worker_waits_for_jobs():
    jobs = []

    def enqueue_when_it_waits():
        while r.info("clients")["blocked_clients"] == 0:
            pass
        jobs.extend(queue.enqueue("operator.neg", i) for i in range(5))

    enqueuer = threading.Thread(target=enqueue_when_it_waits, daemon=True)
    enqueuer.start()
    assert rq.SimpleWorker([queue, urgent], connection=r).work(max_jobs=5, logging_level="CRITICAL")
    enqueuer.join()
    assert [job.return_value() for job in jobs] == [0, -1, -2, -3, -4]


def due_jobs_are_enqueued():
    due = queue.enqueue_at(datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc), "operator.neg", 7)
    scheduler = RQScheduler([queue], connection=r)
    assert scheduler.acquire_locks() == {"default"} or scheduler.acquired_locks
    assert not RQScheduler([queue], connection=r).acquire_locks()
    scheduler.enqueue_scheduled_jobs()
    assert due.id in queue.job_ids
    scheduler.release_locks()


def a_queue_is_emptied_and_deleted():
    queue.enqueue("operator.neg", 1)
    assert queue.empty() >= 1 and queue.count == 0
    queue.delete()
    assert queue.name not in [q.name for q in rq.Queue.all(connection=r)]


def a_unique_job_is_enqueued_once():
    queue.enqueue("operator.neg", 1, job_id="same", unique=True)
    try:
        queue.enqueue("operator.neg", 1, job_id="same", unique=True)
        raise AssertionError("no error")
    except rq.exceptions.DuplicateJobError:
        assert queue.count == 1


topics = {
    "queue": [jobs_wait_in_queues, jobs_depend_on_others, jobs_are_cancelled_and_scheduled],
    "worker": [a_worker_works_it_off, a_worker_that_forks_works_it_off, a_worker_waits_for_jobs],
    "scripts": [a_unique_job_is_enqueued_once, due_jobs_are_enqueued, a_queue_is_emptied_and_deleted],
}
for check in topics[topic]:
    check()
print("ok")
