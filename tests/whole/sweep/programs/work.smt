(declare-const a Int) (declare-const b Int)
(assert (and (> a 10) (< b 5) (= (+ a b) 20) (= (mod a 7) 3)))
(check-sat) (get-model)
