package directory

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/mailpanel/account-resource/accountresource/resource"
)

// Limits of what a server may answer. Everything that a real directory sends is far below.
const (
	// maxMessage is the size of one message in bytes. It is checked before the message is read.
	maxMessage = 16 << 20
	// maxPageBytes is how much may be sent in answer to one request.
	maxPageBytes = 64 << 20
	// maxNonEntries is how many messages besides entries may answer one request: references to other servers, mostly.
	maxNonEntries = 1000
	// maxEntryValues is how many attributes and values an entry may have.
	maxEntryValues = 200_000
	// maxPageValues is the same for all entries that answer one request, and for an attribute that is read in ranges.
	maxPageValues = 1_000_000
	// maxControlBytes is how many bytes may follow the operation in a message: its controls, of which a paging cookie is the
	// only one of any size.
	maxControlBytes = 64 << 10
)

// rangesSize adds up what an attribute that is read in ranges comes to.
type rangesSize struct{ values, bytes int }

// add counts one range, and returns an error where the limits of a request are exceeded.
func (s *rangesSize) add(values []string) error {
	s.values += len(values)
	for _, v := range values {
		s.bytes += len(v)
	}
	switch {
	case s.values > maxPageValues:
		return tooManyValues(maxPageValues)
	case s.bytes > maxPageBytes:
		return tooManyBytes()
	}
	return nil
}

// fault is an answer that breaks a limit or the rules of LDAP. The connection is cut then.
type fault struct {
	key  string
	text string
	max  string // for people, empty where the sentence needs none
	// malformed says that the answer is not LDAP, rather than too much of it.
	malformed bool
}

func (f *fault) Error() string { return "the server's answer was refused: " + f.text }

func brokenMessage(text string) error {
	return &fault{key: "server_message_broken", text: text, malformed: true}
}

// exceeds is the fault of an answer that is beyond a limit.
func exceeds(key string, limit int, format string, number any) error {
	return &fault{key: key, text: fmt.Sprintf(format, number), max: strconv.Itoa(limit)}
}

func tooLarge(size uint64, limit int) error {
	return exceeds("server_message_size", max(1, limit>>20), "a message of %d bytes", size)
}

func tooManyBytes() error {
	return exceeds("server_page_size", maxPageBytes>>20, "more than %d bytes for one request", maxPageBytes)
}

func tooManyEntries(most int) error {
	return exceeds("server_entries", most, "more than the %d entries asked for", most)
}

func tooManyNonEntries() error {
	return exceeds("server_references", maxNonEntries, "more than %d messages besides entries", maxNonEntries)
}

func tooManyValues(most int) error {
	return exceeds("server_values", most, "more than %d values", most)
}

func tooManyListed(most int) error {
	return exceeds("server_listing", most, "more than %d entries in one listing", most)
}

// faultProblem is the problem of an answer that was refused, nil for any other error.
func faultProblem(c resource.Connection, err error) *resource.Problem {
	var f *fault
	if !errors.As(err, &f) {
		return nil
	}
	args := []string{"Host", c.Host}
	if f.max != "" {
		args = append(args, "Max", f.max)
	}
	return resource.NewProblem("", f.key, f, args...)
}

// limitProblem is faultProblem for the first answers of a server. One that is not LDAP is no fault of the directory's
// there: the port is wrong, or encryption is, and the caller says so.
func limitProblem(c resource.Connection, err error) *resource.Problem {
	var f *fault
	if errors.As(err, &f) && f.malformed {
		return nil
	}
	return faultProblem(c, err)
}
