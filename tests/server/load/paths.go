package main

import (
	"fmt"
	"math/rand"
	"strconv"
	"strings"
)

// pattern is a path with at most one range in braces, such as /a{0-39}.php.
type pattern struct {
	before, after string
	first, last   int
	ranged        bool
	weight        int
}

type patterns struct {
	list  []pattern
	total int
}

func parsePatterns(text string) (patterns, error) {
	var p patterns
	for _, item := range strings.Split(text, ",") {
		one, err := parsePattern(item)
		if err != nil {
			return p, err
		}
		p.list = append(p.list, one)
		p.total += one.weight
	}
	return p, nil
}

func parsePattern(item string) (pattern, error) {
	p := pattern{weight: 1}
	path := item
	// The weight is behind the last "=", the query string may hold others.
	if at := strings.LastIndex(item, "="); at >= 0 {
		if n, err := strconv.Atoi(item[at+1:]); err == nil {
			path, p.weight = item[:at], n
		}
	}
	if !strings.HasPrefix(path, "/") || p.weight < 1 {
		return p, fmt.Errorf("%q is no pattern: want /path{0-9}.php=weight", item)
	}
	p.before = path
	open, shut := strings.Index(path, "{"), strings.Index(path, "}")
	if open < 0 {
		return p, nil
	}
	if shut < open {
		return p, fmt.Errorf("%q: the range has no end", item)
	}
	if _, err := fmt.Sscanf(path[open:shut+1], "{%d-%d}", &p.first, &p.last); err != nil || p.last < p.first {
		return p, fmt.Errorf("%q: want a range like {0-9}", item)
	}
	p.ranged, p.before, p.after = true, path[:open], path[shut+1:]
	return p, nil
}

func (p *pattern) path(n int) string {
	if !p.ranged {
		return p.before
	}
	return p.before + strconv.Itoa(n) + p.after
}

func (ps *patterns) pick(random *rand.Rand) string {
	n := random.Intn(ps.total)
	for i := range ps.list {
		p := &ps.list[i]
		if n -= p.weight; n < 0 {
			return p.path(p.first + random.Intn(p.last-p.first+1))
		}
	}
	panic("weights do not add up")
}

// all lists every path that the patterns can give.
func (ps *patterns) all() []string {
	var paths []string
	for i := range ps.list {
		for n := ps.list[i].first; n <= ps.list[i].last; n++ {
			paths = append(paths, ps.list[i].path(n))
		}
	}
	return paths
}
