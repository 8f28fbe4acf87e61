package main

import (
	"fmt"
	"os"
	"strings"
)

const ticksPerSecond = 100 // USER_HZ, the same on every Linux that Go runs on

// cpuWindow is the CPU time that a process took for some requests.
type cpuWindow struct {
	Requests int     `json:"requests"`
	CPU      float64 `json:"cpu"`
}

type cpuWindows struct {
	file    string
	size    int
	last    float64
	windows []cpuWindow
}

func newCPUWindows(pid, size int) (*cpuWindows, error) {
	w := &cpuWindows{file: fmt.Sprintf("/proc/%d/stat", pid), size: size}
	var err error
	w.last, err = w.seconds()
	return w, err
}

// seconds is the user and system time of all threads.
func (w *cpuWindows) seconds() (float64, error) {
	text, err := os.ReadFile(w.file)
	if err != nil {
		return 0, err
	}
	// The name in parentheses may hold anything; what follows it begins with field 3.
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	var user, system float64
	if _, err := fmt.Sscan(fields[11]+" "+fields[12], &user, &system); err != nil {
		return 0, err
	}
	return (user + system) / ticksPerSecond, nil
}

func (w *cpuWindows) count(requests int) {
	if requests%w.size != 0 {
		return
	}
	now, err := w.seconds()
	if err != nil {
		return // it has ended: the connections notice
	}
	w.windows = append(w.windows, cpuWindow{requests, now - w.last})
	w.last = now
}
