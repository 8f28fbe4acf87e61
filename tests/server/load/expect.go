package main

import (
	"encoding/json"
	"fmt"
	"os"
)

// answer is what the right body of a path looks like.
type answer struct {
	Length int    `json:"length"`
	SHA256 string `json:"sha256"`
}

func readExpected(file string) (map[string]answer, error) {
	expected := map[string]answer{}
	if file == "" {
		return expected, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return expected, json.Unmarshal(text, &expected)
}

// record asks for every path twice, so that an answer that changes from one request to the next is
// noticed here and not taken for a finding later. It adds to what the file holds.
func record(o options) error {
	ps, err := parsePatterns(o.paths)
	if err != nil {
		return err
	}
	expected := map[string]answer{}
	if _, err := os.Stat(o.record); err == nil {
		if expected, err = readExpected(o.record); err != nil {
			return err
		}
	}
	c := &client{address: o.address, timeout: o.timeout}
	defer c.close()
	for _, path := range append(ps.all(), ps.all()...) {
		got, err := c.get(path)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if got.status != 200 {
			return fmt.Errorf("%s: status %d: %s", path, got.status, got.start)
		}
		if before, known := expected[path]; known && before != got.answer {
			return fmt.Errorf("%s: two answers, of %d and %d bytes: %s", path, before.Length, got.Length, got.start)
		}
		expected[path] = got.answer
	}
	text, err := json.MarshalIndent(expected, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(o.record, append(text, '\n'), 0o644)
}
