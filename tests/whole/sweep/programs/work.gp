print(factor(2^67-1)); print(primepi(10000)); print(polroots(x^3-2)[1]);
print(matdet(matrix(8,8,i,j,1/(i+j))));
