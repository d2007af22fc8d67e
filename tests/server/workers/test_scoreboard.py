from gambrel.server.workers.scoreboard import Scoreboard, Share


def test_a_worker_sees_by_how_many_connections_it_is_ahead():
    board = Scoreboard.create()
    for slot in range(2):
        board.open(slot)
    first, second = Share(board, 0), Share(board, 1)

    assert first.lead(5) == 0
    assert second.lead(3) == -2
    assert first.lead(5) == 2
    second.leave()
    assert first.lead(9) == 0
    board.close()


def test_an_eighth_more_than_the_others_is_not_ahead():
    board = Scoreboard.create()
    for slot in range(2):
        board.open(slot)
    Share(board, 1).lead(80)

    assert Share(board, 0).lead(90) == 0
    assert Share(board, 0).lead(91) == 1
    board.close()
