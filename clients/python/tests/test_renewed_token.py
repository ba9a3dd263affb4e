import threading
import unittest

from mlflow_env_proxy_auth.renewed_token import RenewedToken


class Credential:
    """Gives tokens that last for a time, by a clock of its own."""

    def __init__(self, lasts):
        self.now = 1_000.0
        self.lasts = lasts
        self.asked = 0
        self.fails = False
        self.gate = None

    def clock(self):
        return self.now

    def get_token(self, scope):
        self.asked += 1
        if self.gate is not None:
            self.gate.wait(10)
        if self.fails:
            raise OSError("Entra ID is down")
        return f"{scope} {self.asked}", self.now + self.lasts


def made(lasts):
    credential = Credential(lasts)
    return credential, RenewedToken(credential, "s", credential.clock)


class RenewedTokenTest(unittest.TestCase):
    def test_a_token_is_used_until_a_quarter_of_its_time_is_left(self):
        credential, token = made(40)
        for now, expected in ((0, "s 1"), (29.9, "s 1"), (30, "s 2"), (59.9, "s 2"), (60, "s 3")):
            credential.now = 1_000 + now
            self.assertEqual(token.read(), expected)

    def test_a_long_one_is_replaced_five_minutes_before_its_end(self):
        credential, token = made(3_600)
        for now, expected in ((0, "s 1"), (3_299, "s 1"), (3_300, "s 2")):
            credential.now = 1_000 + now
            self.assertEqual(token.read(), expected)

    def test_the_old_one_is_kept_while_there_is_no_other_and_never_after_its_end(self):
        credential, token = made(40)
        token.read()
        credential.fails = True
        for now, asked in ((30, 2), (39, 2)):
            credential.now = 1_000 + now
            self.assertEqual((token.read(), credential.asked), ("s 1", asked))
        credential.now = 1_040
        with self.assertRaises(OSError):
            token.read()
        credential.fails = False
        self.assertEqual(token.read(), "s 4")

    def test_a_refused_one_is_replaced_and_a_late_refusal_of_an_older_one_is_not(self):
        credential, token = made(40)
        first = token.read()
        token.drop(first)
        self.assertEqual(token.read(), "s 2")
        token.drop(first)
        self.assertEqual((token.read(), credential.asked), ("s 2", 2))

    def test_threads_share_one_request_and_none_waits_while_the_old_one_is_valid(self):
        credential, token = made(40)
        token.read()
        credential.now = 1_035
        credential.gate = threading.Event()
        renewing = threading.Thread(target=token.read)
        renewing.start()
        while credential.asked < 2:
            pass
        self.assertEqual([token.read() for _ in range(5)], ["s 1"] * 5)
        credential.gate.set()
        renewing.join()
        self.assertEqual((token.read(), credential.asked), ("s 2", 2))
        credential.now, credential.gate = 1_200, threading.Event()
        read = []
        waiting = [threading.Thread(target=lambda: read.append(token.read())) for _ in range(5)]
        for thread in waiting:
            thread.start()
        credential.gate.set()
        for thread in waiting:
            thread.join()
        self.assertEqual((read, credential.asked), (["s 3"] * 5, 3))


if __name__ == "__main__":
    unittest.main()
