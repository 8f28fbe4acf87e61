// A load generator that checks every answer in full.
//
// It asks for weighted patterns of paths over keepalive connections, compares length and hash of each
// body with what is expected, and prints one line of JSON. It always ends: after -n requests, after -t
// seconds, or at once when the server is gone. Exit status: 0 all right, 1 wrong answers or errors,
// 2 usage, 3 the server is gone.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"
)

type options struct {
	address               string
	connections, requests int
	limit, timeout        time.Duration
	paths, resetPath      string
	resetEvery            int
	slowClients           int
	slowPaths             string
	slowPause             time.Duration
	expect, record        string
	pid, window           int
}

func parseOptions() options {
	var o options
	var base string
	flag.StringVar(&base, "url", "http://127.0.0.1:8080", "server")
	flag.IntVar(&o.connections, "c", 50, "connections")
	flag.IntVar(&o.requests, "n", 0, "requests in all (0: as many as fit into -t)")
	flag.DurationVar(&o.limit, "t", 10*time.Second, "time limit")
	flag.DurationVar(&o.timeout, "timeout", 20*time.Second, "time limit of one answer of a fast client")
	flag.StringVar(&o.paths, "paths", "", "patterns with weights: /a{0-39}.php=5,/b.php")
	flag.IntVar(&o.resetEvery, "reset-every", 0, "each N-th request asks for the reset path (0: never)")
	flag.StringVar(&o.resetPath, "reset-path", "/reset.php", "what to ask for then")
	flag.IntVar(&o.slowClients, "slow-clients", 0, "further connections that read slowly through a 4 KB receive buffer")
	flag.StringVar(&o.slowPaths, "slow-paths", "", "patterns that the slow clients ask for (default: -paths)")
	flag.DurationVar(&o.slowPause, "slow-pause", 500*time.Microsecond, "pause of a slow client after each read of up to 4 KB")
	flag.StringVar(&o.expect, "expect", "", "JSON file with the right answers")
	flag.StringVar(&o.record, "record", "", "ask for every path twice and write -expect's file instead")
	flag.IntVar(&o.pid, "pid", 0, "measure the CPU time of this process")
	flag.IntVar(&o.window, "window", 1000, "requests per CPU measurement")
	flag.Parse()
	o.address = strings.TrimSuffix(strings.TrimPrefix(base, "http://"), "/")
	if o.slowPaths == "" {
		o.slowPaths = o.paths
	}
	return o
}

func main() {
	o := parseOptions()
	status, err := 0, error(nil)
	if o.record != "" {
		err = record(o)
	} else {
		status, err = measure(o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(2)
	}
	os.Exit(status)
}

func measure(o options) (int, error) {
	r, err := newRun(o)
	if err != nil {
		return 2, err
	}
	r.start()
	result := r.result()
	line, err := json.Marshal(result)
	if err != nil {
		return 2, err
	}
	fmt.Println(string(line))
	switch {
	case result.Gone != "":
		return 3, nil
	case result.Wrong > 0 || result.ErrorCount > 0:
		return 1, nil
	}
	return 0, nil
}
