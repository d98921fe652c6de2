# SPDX-License-Identifier: MIT
import multiprocessing as m
def square(n): return n * n
if __name__ == "__main__":
    with m.get_context("fork").Pool(2) as p:
        print(sum(p.map(square, range(200))))
