"""A queue of tasks with huey, and who works it off: huey_tasks.py PORT queue|consumer|schedule"""

import datetime
import logging
import sys
import threading

import huey
from huey.exceptions import TaskException, TaskLockedException

PATIENCE_S = 20
port, topic = int(sys.argv[1]), sys.argv[2]
logging.disable(logging.CRITICAL)
app = huey.RedisHuey("tests", port=port, blocking=topic != "queue")
expiring = huey.RedisExpireHuey("expiring", port=port, expire_time=100, blocking=False)
ranked = huey.PriorityRedisHuey("ranked", port=port, blocking=False)
app.storage.conn.flushall()
done = []


@app.task()
def add(a, b):
    return a + b


@app.task(retries=2)
def fail_at_first(marks):
    if app.storage.conn.incr("attempts") < 3:
        raise ValueError("not yet")
    return marks


@app.task()
@app.lock_task("only-one")
def alone(value):
    return value


@expiring.task()
def kept():
    return "kept"


@ranked.task()
def note(value):
    done.append(value)


def work_off(app):
    while (task := app.dequeue()) is not None:
        app.execute(task)


def tasks_wait_in_a_queue():
    results = [add(i, i) for i in range(5)]
    assert len(app) == 5 and [t.args for t in app.pending(2)] == [(0, 0), (1, 1)]
    assert results[3].revoke() is None and results[3].is_revoked()
    work_off(app)
    assert [result.get() for result in results] == [0, 2, 4, None, 8]
    assert len(app) == 0 and app.result_count() == 0
    assert app.result(results[0].id) is None


def tasks_are_tried_again():
    result = fail_at_first([1, 2])
    work_off(app)
    assert result.get() == [1, 2] and app.storage.conn.get("attempts") == b"3"


def locks_keep_tasks_out():
    with app.lock_task("only-one"):
        result = alone(1)
        work_off(app)
        try:
            result.get()
            raise AssertionError("no error")
        except TaskException as error:
            assert "TaskLockedException" in str(error.metadata), error.metadata
        try:
            with app.lock_task("only-one"):
                raise AssertionError("no error")
        except TaskLockedException:
            pass
    result = alone(2)
    work_off(app)
    assert result.get() == 2 and not app.is_locked("only-one")


def chains_pass_results_on():
    result = app.enqueue(add.s(1, 2).then(add, 3).then(add, 4))
    work_off(app)
    assert result.get() == [3, 6, 10]


def results_expire():
    result = kept()
    work_off(expiring)
    assert result.get() == "kept" and result.get(preserve=True) == "kept"
    key = next(iter(expiring.storage.conn.scan_iter("huey.r.expiring.*")))
    assert 90 < expiring.storage.conn.ttl(key) <= 100


def urgent_tasks_come_first():
    for priority in (1, 5, None, 3):
        note(priority or 0, priority=priority)
    assert ranked.pending_count() == 4
    work_off(ranked)
    assert done == [5, 3, 1, 0], done


def a_consumer_works_it_off():
    with consumer(workers=3):
        results = [add(i, 1) for i in range(60)]
        assert [result.get(blocking=True, timeout=PATIENCE_S, max_delay=0.02) for result in results] == list(range(1, 61))
        flaky = fail_at_first("x")
        assert flaky.get(blocking=True, timeout=PATIENCE_S, max_delay=0.02) == "x"


def due_tasks_are_run():
    now = datetime.datetime.now()
    later = add.schedule((1, 1), eta=now + datetime.timedelta(hours=1))
    due = [add.schedule((i, 10), eta=now + datetime.timedelta(milliseconds=10 * i)) for i in range(5)]
    with consumer(workers=1):
        assert [result.get(blocking=True, timeout=PATIENCE_S, max_delay=0.02) for result in due] == [10, 11, 12, 13, 14]
        assert later.get() is None and app.scheduled_count() == 1


class consumer:
    def __init__(self, workers):
        # The signals of the program are not to be touched.
        self.consumer = app.create_consumer(workers=workers, initial_delay=0.01, max_delay=0.05, scheduler_interval=1)
        self.consumer._set_signal_handlers = lambda: None

    def __enter__(self):
        self.consumer.start()

    def __exit__(self, *_):
        self.consumer.stop(graceful=True)


topics = {
    "queue": [
        tasks_wait_in_a_queue,
        tasks_are_tried_again,
        locks_keep_tasks_out,
        chains_pass_results_on,
        results_expire,
        urgent_tasks_come_first,
    ],
    "consumer": [a_consumer_works_it_off],
    "schedule": [due_tasks_are_run],
}
for check in topics[topic]:
    check()
print("ok")
