set.seed(1); x <- rnorm(200); y <- 2 * x + rnorm(200)
print(round(coef(lm(y ~ x)), 4)); print(table(cut(x, 4)))
