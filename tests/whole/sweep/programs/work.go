package main

import "fmt"

func main() {
	m := map[string]int{}
	for i := 0; i < 1000; i++ {
		m[fmt.Sprint(i%10)] += i
	}
	fmt.Println(m)
}
