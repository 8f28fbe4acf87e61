// A server around the real FrankenPHP library: the smallest one that the end-to-end tests need.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/dunglas/frankenphp"
	"go.uber.org/zap"
)

type settings struct {
	root, listen, worker string
	threads, workers     int
	ini                  iniValues
}

// iniValues collects repeated -d name=value options.
type iniValues map[string]string

func (v iniValues) String() string { return "" }

func (v iniValues) Set(s string) error {
	name, value, found := strings.Cut(s, "=")
	if !found {
		return errors.New("want name=value")
	}
	v[name] = value
	return nil
}

func parseSettings() settings {
	s := settings{ini: iniValues{}}
	flag.StringVar(&s.root, "root", ".", "folder of the PHP scripts")
	flag.StringVar(&s.listen, "listen", "127.0.0.1:0", "address to listen on; port 0 takes a free one")
	flag.IntVar(&s.threads, "threads", 16, "PHP threads, workers included")
	flag.StringVar(&s.worker, "worker", "", "worker script")
	flag.IntVar(&s.workers, "workers", 4, "threads that run the worker script")
	flag.Var(s.ini, "d", "ini setting name=value (repeatable)")
	flag.Parse()
	return s
}

// engine starts and stops PHP; requests hold it for reading, so that a reload waits for them.
type engine struct {
	settings
	logger *zap.Logger
	inUse  sync.RWMutex
}

func (e *engine) start() error {
	options := []frankenphp.Option{
		frankenphp.WithNumThreads(e.threads),
		frankenphp.WithPhpIni(e.ini),
		frankenphp.WithLogger(e.logger),
	}
	if e.worker != "" {
		options = append(options, frankenphp.WithWorkers("worker", e.worker, e.workers, nil, nil))
	}
	return frankenphp.Init(options...)
}

func (e *engine) serve(w http.ResponseWriter, r *http.Request) {
	e.inUse.RLock()
	defer e.inUse.RUnlock()
	request, err := frankenphp.NewRequestWithContext(r, frankenphp.WithRequestDocumentRoot(e.root, false))
	if err == nil {
		err = frankenphp.ServeHTTP(w, request)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

func (e *engine) reload(w http.ResponseWriter, _ *http.Request) {
	e.inUse.Lock()
	defer e.inUse.Unlock()
	frankenphp.Shutdown()
	if err := e.start(); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	fmt.Fprintln(w, "reloaded")
}

func run() error {
	e := &engine{settings: parseSettings()}
	var err error
	for _, path := range []*string{&e.root, &e.worker} {
		if *path == "" {
			continue
		}
		if *path, err = filepath.Abs(*path); err != nil {
			return err
		}
	}
	config := zap.NewDevelopmentConfig()
	config.Level = zap.NewAtomicLevelAt(zap.InfoLevel)
	if e.logger, err = config.Build(); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", e.listen)
	if err != nil {
		return err
	}
	if err = e.start(); err != nil {
		return err
	}
	defer frankenphp.Shutdown()

	mux := http.NewServeMux()
	mux.HandleFunc("/", e.serve)
	mux.HandleFunc("/__reload", e.reload)
	handleFaults(mux)
	server := &http.Server{Handler: mux}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	fmt.Println("listening on", listener.Addr())

	select {
	case err = <-ended:
		return err
	case <-stop:
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return server.Shutdown(ctx)
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "server:", err)
		os.Exit(1)
	}
}
