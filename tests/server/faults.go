package main

// #include "faults.h"
import "C"

import (
	"fmt"
	"net/http"
	"time"
)

// handleFaults adds addresses that break this process in ways that have nothing to do with OPcache:
// a tool that catches signals has to leave each of them as it is.
func handleFaults(mux *http.ServeMux) {
	faults := map[string]func(){
		"/__nilderef":    nilDereference,
		"/__segv":        func() { C.fault_write_low_address() }, // C code called by Go
		"/__segv_thread": func() { C.fault_in_c_thread() },       // a thread that Go has never seen
		"/__raise":       func() { C.fault_raise() },             // si_addr is no address here
		"/__abort":       func() { C.fault_abort() },
	}
	for path, fault := range faults {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			go fault() // outside net/http, which would recover a panic
			time.Sleep(10 * time.Second)
			fmt.Fprintln(w, "survived")
		})
	}
}

type node struct{ next *node }

func nilDereference() {
	var n *node
	n.next = n
}
