package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"net"
	"os"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const keptExamples = 5

// run is one measurement: what the connections share.
type run struct {
	options
	fast, slow patterns
	expected   map[string]answer
	deadline   time.Time
	begun      time.Time
	seconds    float64
	asked      atomic.Int64 // requests handed out
	stop       context.CancelFunc
	stopped    context.Context
	cpu        *cpuWindows

	mutex     sync.Mutex
	tally     tally
	latencies []float64
}

// tally is the part of the result that is counted.
type tally struct {
	Requests   int            `json:"requests"`
	OK         int            `json:"ok"`
	Wrong      int            `json:"wrong"`
	Examples   []example      `json:"examples,omitempty"`
	Resets     int            `json:"resets"`
	SlowOK     int            `json:"slow_ok"`
	Errors     map[string]int `json:"errors"`
	ErrorCount int            `json:"error_count"`
	Gone       string         `json:"gone,omitempty"`
}

type example struct {
	Path   string `json:"path"`
	Status int    `json:"status"`
	Length int    `json:"length"`
	Wanted int    `json:"wanted_length"`
	Start  string `json:"start"`
	At     string `json:"at"`
}

type result struct {
	tally
	Seconds float64     `json:"seconds"`
	P50     float64     `json:"p50_ms"`
	P99     float64     `json:"p99_ms"`
	Windows []cpuWindow `json:"windows,omitempty"`
}

func newRun(o options) (*run, error) {
	r := &run{options: o, tally: tally{Errors: map[string]int{}}}
	var err error
	if r.fast, err = parsePatterns(o.paths); err != nil {
		return nil, err
	}
	if r.slow, err = parsePatterns(o.slowPaths); err != nil {
		return nil, err
	}
	if r.expected, err = readExpected(o.expect); err != nil {
		return nil, err
	}
	if o.pid != 0 {
		if r.cpu, err = newCPUWindows(o.pid, o.window); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (r *run) start() {
	r.begun = time.Now()
	r.deadline = r.begun.Add(r.limit)
	r.stopped, r.stop = context.WithDeadline(context.Background(), r.deadline)
	defer r.stop()
	var slow, fast sync.WaitGroup
	for i := 0; i < r.slowClients; i++ {
		slow.Add(1)
		go func() {
			defer slow.Done()
			r.connection(int64(1000+i), true)
		}()
	}
	for i := 0; i < r.connections; i++ {
		fast.Add(1)
		go func() {
			defer fast.Done()
			r.connection(int64(i), false)
		}()
	}
	fast.Wait()
	if r.connections > 0 {
		r.stop() // the slow ones finish what they are reading
	}
	slow.Wait()
	r.seconds = time.Since(r.begun).Seconds()
}

// connection asks until the run is over. Its seed makes the choice of paths repeatable.
func (r *run) connection(seed int64, slow bool) {
	c := &client{address: r.address, timeout: r.timeout, slow: slow, pause: r.slowPause}
	if slow {
		c.timeout += r.limit
	}
	defer c.close()
	random := rand.New(rand.NewSource(seed))
	for r.stopped.Err() == nil {
		path, reset, more := r.next(random, slow)
		if !more {
			return
		}
		fresh := c.conn == nil
		begun := time.Now()
		got, err := c.get(path)
		if err != nil {
			r.failed(err, fresh)
			continue
		}
		r.answered(path, got, time.Since(begun), reset, slow)
	}
}

func (r *run) next(random *rand.Rand, slow bool) (path string, reset, more bool) {
	if slow {
		return r.slow.pick(random), false, true
	}
	n := r.asked.Add(1)
	if r.requests > 0 && n > int64(r.requests) {
		return "", false, false
	}
	if r.resetEvery > 0 && n%int64(r.resetEvery) == 0 {
		return r.resetPath, true, true
	}
	return r.fast.pick(random), false, true
}

func (r *run) answered(path string, got reply, took time.Duration, reset, slow bool) {
	wanted, known := r.expected[path]
	right := got.status == 200 && (got.answer == wanted || !known && r.expect == "")
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.tally.Requests++
	if !slow {
		r.latencies = append(r.latencies, took.Seconds()*1000)
	}
	if r.cpu != nil {
		r.cpu.count(r.tally.Requests)
	}
	switch {
	case !right:
		r.wrong(path, got, wanted)
	case slow:
		r.tally.OK++
		r.tally.SlowOK++
	default:
		r.tally.OK++
		if reset {
			r.tally.Resets++
		}
	}
}

func (r *run) wrong(path string, got reply, wanted answer) {
	r.tally.Wrong++
	if len(r.tally.Examples) < keptExamples {
		at := fmt.Sprintf("%.3f s", time.Since(r.begun).Seconds())
		r.tally.Examples = append(r.tally.Examples, example{path, got.status, got.Length, wanted.Length, got.start, at})
	}
}

// failed counts an error. A server that refuses connections, or a process that has ended, ends the run.
func (r *run) failed(err error, fresh bool) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	kind := errorKind(err)
	r.tally.ErrorCount++
	r.tally.Errors[kind]++
	if r.tally.Gone == "" && (kind == "refused" || kind != "timeout" && r.ended()) {
		r.tally.Gone = fmt.Sprintf("%s after %.1f s", kind, time.Since(r.begun).Seconds())
	}
	if r.tally.Gone != "" || r.tally.ErrorCount > 200 {
		r.stop()
	}
}

// ended tells whether nobody listens any more.
func (r *run) ended() bool {
	conn, err := net.DialTimeout("tcp", r.address, time.Second)
	if err == nil {
		conn.Close()
	}
	return errors.Is(err, syscall.ECONNREFUSED)
}

func errorKind(err error) string {
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "reset"
	case errors.Is(err, os.ErrDeadlineExceeded):
		return "timeout"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "eof"
	case strings.Contains(err.Error(), "malformed"):
		return "malformed"
	}
	return err.Error()
}

func (r *run) result() result {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	out := result{tally: r.tally, Seconds: r.seconds}
	sort.Float64s(r.latencies)
	if n := len(r.latencies); n > 0 {
		out.P50, out.P99 = r.latencies[n/2], r.latencies[n*99/100]
	}
	if r.cpu != nil {
		out.Windows = r.cpu.windows
	}
	return out
}
