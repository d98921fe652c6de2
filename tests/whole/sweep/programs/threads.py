# SPDX-License-Identifier: MIT
import threading, queue
q, out = queue.Queue(), []
def work():
    while (n := q.get()) is not None:
        out.append(n * n)
threads = [threading.Thread(target=work) for _ in range(4)]
for t in threads: t.start()
for n in range(1000): q.put(n)
for t in threads: q.put(None)
for t in threads: t.join()
print(sum(out))
