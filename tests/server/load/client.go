package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"net"
	"net/http"
	"syscall"
	"time"
)

const slowBuffer = 4096

// client is one keepalive connection.
type client struct {
	address   string
	timeout   time.Duration
	slow      bool
	pause     time.Duration
	conn      net.Conn
	reader    *bufio.Reader
	connected int
}

// reply is an answer that was read to its end.
type reply struct {
	answer
	status int
	start  string
}

func (c *client) connect() error {
	dialer := net.Dialer{Timeout: 5 * time.Second}
	if c.slow {
		// Before connecting: afterwards the window has been offered already.
		dialer.Control = func(_, _ string, raw syscall.RawConn) error {
			return raw.Control(func(fd uintptr) {
				_ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, slowBuffer)
			})
		}
	}
	conn, err := dialer.Dial("tcp", c.address)
	if err != nil {
		return err
	}
	c.conn, c.connected = conn, c.connected+1
	c.reader = bufio.NewReader(conn)
	return nil
}

func (c *client) close() {
	if c.conn != nil {
		c.conn.Close()
		c.conn = nil
	}
}

// get asks for one path. After an error the connection is closed; the next call opens another.
func (c *client) get(path string) (reply, error) {
	if c.conn == nil {
		if err := c.connect(); err != nil {
			return reply{}, err
		}
	}
	got, keep, err := c.exchange(path)
	if err != nil || !keep {
		c.close()
	}
	return got, err
}

func (c *client) exchange(path string) (reply, bool, error) {
	if err := c.conn.SetDeadline(time.Now().Add(c.timeout)); err != nil {
		return reply{}, false, err
	}
	if _, err := io.WriteString(c.conn, "GET "+path+" HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
		return reply{}, false, err
	}
	response, err := http.ReadResponse(c.reader, nil)
	if err != nil {
		return reply{}, false, err
	}
	defer response.Body.Close()
	body := bodyReader{hash: sha256.New()}
	if err := body.readAll(response.Body, c.slow, c.pause); err != nil {
		return reply{}, false, err
	}
	got := reply{status: response.StatusCode, start: string(body.start)}
	got.Length, got.SHA256 = body.length, hex.EncodeToString(body.hash.Sum(nil))
	return got, !response.Close, nil
}

type bodyReader struct {
	hash   hash.Hash
	length int
	start  []byte
}

func (b *bodyReader) readAll(from io.Reader, slow bool, pause time.Duration) error {
	chunk := make([]byte, 64<<10)
	if slow {
		chunk = chunk[:slowBuffer]
	}
	for {
		n, err := from.Read(chunk)
		b.hash.Write(chunk[:n])
		b.length += n
		if room := 200 - len(b.start); room > 0 {
			b.start = append(b.start, chunk[:min(n, room)]...)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if slow {
			time.Sleep(pause)
		}
	}
}
