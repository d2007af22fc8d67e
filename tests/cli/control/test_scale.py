import json


def test_workers_come_and_go(gambrel, shop, start):
    run = start("run", "--port", "0", "--workers", "2", "--control", "c.sock")
    run.port()
    numbers = []
    for number in ("3", "1"):
        assert gambrel("scale", number, "--control", "c.sock").exit_code == 0
        told = json.loads(gambrel("status", "--control", "c.sock", "--json").output)
        numbers.append(sum(worker["state"] == "ready" for worker in told["workers"]))

    assert numbers == [3, 1]
    assert run.end() == 0


def test_no_worker_is_a_wrong_command_line(gambrel, folder):
    assert gambrel("scale", "0", "--control", "c.sock").exit_code == 2
