#!/usr/bin/env escript
main(_) ->
    Self = self(),
    [spawn(fun() -> Self ! N * N end) || N <- lists:seq(1, 100)],
    io:format("~p~n", [lists:sum([receive X -> X end || _ <- lists:seq(1, 100)])]).
