package directory_test

import (
	"bytes"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/directory"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// flood is a server's attempt to exhaust the reader. sent counts bytes until the connection is cut.
type flood struct {
	sent atomic.Int64
	cut  chan struct{}
}

// pour writes the same piece again and again.
func (f *flood) pour(s *session, piece []byte) {
	defer close(f.cut)
	for {
		n, err := s.Write(piece)
		f.sent.Add(int64(n))
		if err != nil || f.sent.Load() > 1<<30 {
			return
		}
	}
}

func TestAServerCannotExhaustThePanel(t *testing.T) {
	const mb = 1 << 20
	small := func(id int64) []byte { return identified(id, "A") }
	for name, c := range map[string]struct {
		begin func(id int64) []byte // sent once
		piece func(id int64) []byte // sent until the connection is cut
		key   string
		says  string
		sent  int64 // bytes before the cut, with what fits in the system's buffers
		alloc uint64
	}{
		"a message of 17 MB": {
			begin: func(int64) []byte { return []byte{0x30, 0x84, 0x01, 0x10, 0, 0} }, piece: func(int64) []byte { return make([]byte, mb) },
			key: "server_message_size", says: "more than 16 MB", sent: 16 * mb, alloc: 2 * mb,
		},
		"a message of 4 GB": {
			begin: func(int64) []byte { return []byte{0x30, 0x84, 0xff, 0xff, 0xff, 0xff} }, piece: func(int64) []byte { return make([]byte, mb) },
			key: "server_message_size", says: "more than 16 MB", sent: 16 * mb, alloc: 2 * mb,
		},
		"a length of eight octets": {
			begin: func(int64) []byte { return []byte{0x30, 0x88, 0, 0, 0, 0, 0, 0, 0, 1} }, piece: func(int64) []byte { return make([]byte, mb) },
			key: "server_message_broken", says: "not valid LDAP", sent: 16 * mb, alloc: 2 * mb,
		},
		"a message without a length": {
			begin: func(id int64) []byte { return endless(identified(id, "A")) }, piece: func(int64) []byte { return bytes.Repeat([]byte{0x30, 0x80}, mb) },
			key: "server_message_broken", says: "not valid LDAP", sent: 16 * mb, alloc: 2 * mb,
		},
		"nothing like LDAP": {
			piece: func(int64) []byte { return bytes.Repeat([]byte("220 ready\r\n"), 1000) },
			key:   "server_message_broken", says: "not valid LDAP", sent: 16 * mb, alloc: 2 * mb,
		},
		"elements nested a thousand deep": {
			piece: func(int64) []byte { return deep(1000) }, key: "server_message_broken", says: "not valid LDAP", sent: 16 * mb, alloc: 2 * mb,
		},
		"elements nested a million deep": {
			piece: func(int64) []byte { return deep(1_000_000) }, key: "server_message_broken", says: "not valid LDAP", sent: 48 * mb, alloc: 80 * mb,
		},
		"elements that reach beyond the message": {
			piece: func(id int64) []byte { return []byte{0x30, 0x07, 2, 1, byte(id), 0x65, 0x05, 4, 1} },
			key:   "server_message_broken", says: "not valid LDAP", sent: 16 * mb, alloc: 2 * mb,
		},
		"a million elements": {
			piece: func(id int64) []byte { return elements(id, 1_000_000) }, key: "server_values", says: "100000", sent: 32 * mb, alloc: 20 * mb,
		},
		"controls that hold a million elements": {
			piece: func(id int64) []byte { return manyControls(id, 500_000) }, key: "server_message_broken", says: "not valid LDAP", sent: 32 * mb, alloc: 20 * mb,
		},
		"entries without end": {
			piece: small, key: "server_entries", says: "more entries than were asked for (10)", sent: 16 * mb, alloc: 2 * mb,
		},
		"entries that are written in an unusual way": {
			piece: unusual, key: "server_entries", says: "more entries than were asked for (10)", sent: 16 * mb, alloc: 2 * mb,
		},
		"references without end": {
			piece: func(id int64) []byte {
				return message(id, sequence(ber.ClassApplication, ldap.ApplicationSearchResultReference, octets("ldap://other")))
			},
			key: "server_references", says: "more than 1000 references", sent: 16 * mb, alloc: 16 * mb,
		},
		"answers to other requests": {
			piece: func(id int64) []byte { return small(id + 7) }, key: "server_references", says: "1000", sent: 16 * mb, alloc: 16 * mb,
		},
		"entries of 15 MB": {
			piece: func(id int64) []byte {
				return entryMessage(id, sequence(ber.ClassUniversal, ber.TagSequence, octets("displayName"),
					sequence(ber.ClassUniversal, ber.TagSet, octets(strings.Repeat("x", 15*mb)))).Bytes())
			},
			key: "server_page_size", says: "more than 64 MB", sent: 96 * mb, alloc: 500 * mb,
		},
		"an entry of a million values": {
			piece: func(id int64) []byte {
				values := bytes.Repeat([]byte{4, 0}, 1_000_000)
				return entryMessage(id, wrap(0x30, append(octets("member").Bytes(), wrap(0x31, values)...)))
			},
			key: "server_values", says: "more than 200000 values", sent: 32 * mb, alloc: 20 * mb,
		},
		"an entry of a million attributes": {
			piece: func(id int64) []byte {
				return entryMessage(id, bytes.Repeat([]byte{0x30, 5, 4, 1, 'a', 0x31, 0}, 1_000_000))
			},
			key: "server_values", says: "more than 200000 values", sent: 40 * mb, alloc: 40 * mb,
		},
		"entries of many values each": {
			piece: func(id int64) []byte {
				values := bytes.Repeat([]byte{4, 0}, 150_000)
				return entryMessage(id, wrap(0x30, append(octets("member").Bytes(), wrap(0x31, values)...)))
			},
			key: "server_values", says: "more than 1000000 values", sent: 32 * mb, alloc: 150 * mb,
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := &flood{cut: make(chan struct{})}
			script := &scripted{list: func(s *session, r request) {
				if c.begin != nil {
					_, _ = s.Write(c.begin(r.id))
				}
				f.pour(s, c.piece(r.id))
			}}
			reader := open(t, settings(t, script.serve(t)), 10)
			listing, err := reader.List(t.Context(), run.Query{Kind: account.User}, func(account.Object) error { return nil })
			wantProblem(t, err, "", c.key, c.says)
			assert.Equal(t, run.Listing{}, listing)
			<-f.cut
			assert.LessOrEqual(t, f.sent.Load(), c.sent)
			_, err = reader.List(t.Context(), run.Query{Kind: account.User}, func(account.Object) error { return nil })
			require.Error(t, err, "nothing is read from that server any more")

			if name != "entries of 15 MB" { // what the server itself takes for such a piece hides what the reader takes
				assert.LessOrEqual(t, allocated(t, script, 10, c.begin, c.piece), c.alloc)
			}
		})
	}
}

// allocated is what a reader allocates until it refuses the answer, in bytes. The pieces are made beforehand.
func allocated(t *testing.T, script *scripted, page int, begin, piece func(id int64) []byte) uint64 {
	t.Helper()
	const id = 3 // behind the bind and the question whether the server is ready
	var first []byte
	if begin != nil {
		first = begin(id)
	}
	next := piece(id)
	script.list = func(s *session, _ request) {
		_, _ = s.Write(first)
		for {
			if _, err := s.Write(next); err != nil {
				return
			}
		}
	}
	reader := open(t, settings(t, script.serve(t)), page)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := reader.List(t.Context(), run.Query{Kind: account.User}, func(account.Object) error { return nil })
	runtime.ReadMemStats(&after)
	require.Error(t, err)
	return after.TotalAlloc - before.TotalAlloc
}

func TestABaseSearchHasOneEntry(t *testing.T) {
	script := activeDirectory()
	script.fail = func(s *session, r request) bool {
		s.entry(r, r.base, script.root)
		s.entry(r, r.base, script.root)
		s.result(r, ldap.ApplicationSearchResultDone, 0, "")
		return true
	}
	_, err := open(t, settings(t, script.serve(t)), 3).Probe(t.Context())
	wantProblem(t, err, "", "server_entries", "more entries than were asked for (1)")
}

// What is refused while somebody signs in or asks for encryption has the same sentences.
func TestLimitsHoldBeforeAnybodyHasSignedIn(t *testing.T) {
	large := func(s *session, _ request) {
		_, _ = s.Write([]byte{0x30, 0x84, 0x7f, 0xff, 0xff, 0xff, 2, 1, 1})
		discard(s)
	}
	s := settings(t, (&scripted{bind: large}).serve(t))
	_, err := open(t, s, 3).Probe(t.Context())
	wantProblem(t, err, "", "server_message_size", "more than 16 MB")

	s = settings(t, (&scripted{bind: func(s *session, _ request) { _, _ = s.Write([]byte("SSH-2.0-OpenSSH\r\n")); discard(s) }}).serve(t))
	_, err = open(t, s, 3).Probe(t.Context())
	wantProblem(t, err, "port", "not_ldap")

	s = settings(t, (&scripted{extended: large}).serve(t))
	s.Connection.TLS = true
	_, err = open(t, s, 3).Probe(t.Context())
	wantProblem(t, err, "", "server_message_size", "more than 1 MB")
	_, err = directory.Options{}.Certificates(t.Context(), s.Connection)
	wantProblem(t, err, "", "server_message_size", "more than 1 MB")

	s = settings(t, (&scripted{extended: func(s *session, r request) { _, _ = s.Write(endless(message(r.id))); discard(s) }}).serve(t))
	s.Connection.TLS = true
	_, err = open(t, s, 3).Probe(t.Context())
	wantProblem(t, err, "tls", "starttls_refused")
}

// Ranges go on as long as the server says that there is more.
func TestRangesWithoutEndAreRefused(t *testing.T) {
	rangesWithoutEnd(t, 100_000, bytes.Repeat([]byte{4, 1, 'x'}, 100_000), "server_values", "more than 1000000 values")
	rangesWithoutEnd(t, 1, wrap(4, make([]byte, 10<<20)), "server_page_size", "more than 64 MB")
}

// rangesWithoutEnd has a server give the same n values as every range of an attribute.
func rangesWithoutEnd(t *testing.T, n int, values []byte, key, says string) {
	t.Helper()
	set := wrap(0x31, values)
	ranged := func(name string, from int) []byte {
		name += ";range=" + strconv.Itoa(from) + "-" + strconv.Itoa(from+n-1)
		return wrap(0x30, append(octets(name).Bytes(), set...))
	}
	script := activeDirectory()
	script.fail = func(s *session, r request) bool {
		name, option, _ := strings.Cut(r.attributes[0], ";range=")
		if name != "member" && name != "attributeTypes" {
			return false
		}
		from, _, _ := strings.Cut(option, "-")
		next, _ := strconv.Atoi(from) // 0 where no range is asked for
		_, _ = s.Write(entryMessage(r.id, ranged(name, next)))
		s.result(r, ldap.ApplicationSearchResultDone, 0, "")
		return true
	}
	script.list = func(s *session, r request) {
		id := sequence(ber.ClassUniversal, ber.TagSequence, octets("objectGUID"), sequence(ber.ClassUniversal, ber.TagSet, octets("0123456789abcdef")))
		_, _ = s.Write(entryMessage(r.id, append(id.Bytes(), ranged("member", 0)...)))
		s.page(r, "")
	}
	s := settings(t, script.serve(t))
	_, err := open(t, s, 3).Probe(t.Context())
	wantProblem(t, err, "", key, says)
	_, err = open(t, s, 3).List(t.Context(), run.Query{Kind: account.Group}, func(account.Object) error { return nil })
	wantProblem(t, err, "", key, says)
}

// Memory is allocated for the bytes that arrive, not for the length that a message announces.
func TestAPromiseTakesNoMemory(t *testing.T) {
	script := &scripted{list: func(s *session, _ request) {
		_, _ = s.Write([]byte{0x30, 0x84, 0, 0xf0, 0, 0, 2, 1, 2})
		_ = s.Close()
	}}
	reader := open(t, settings(t, script.serve(t)), 10)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := reader.List(t.Context(), run.Query{Kind: account.User}, func(account.Object) error { return nil })
	runtime.ReadMemStats(&after)
	wantProblem(t, err, "", "connection_lost")
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(4<<20))
}

func TestALargeAnswerWithinTheLimitsIsRead(t *testing.T) {
	long := strings.Repeat("x", 10<<20)
	script := &scripted{list: func(s *session, r request) {
		_, _ = s.Write(identified(r.id, long))
		s.page(r, "")
	}}
	var got string
	_, err := open(t, settings(t, script.serve(t)), 10).List(t.Context(), run.Query{Kind: account.User}, func(o account.Object) error {
		got = o.Profile[account.Name]
		return nil
	})
	require.NoError(t, err)
	assert.Len(t, got, len(long))
}

func TestAtMostEightServers(t *testing.T) {
	s := resource.Defaults()
	s.Connection.Host = strings.Repeat("dc1.corp.example,", 8)
	assert.Empty(t, directory.CheckSyntax(s))
	s.Connection.Host += "dc9.corp.example"
	wantProblem(t, directory.CheckSyntax(s), "host", "too_many_hosts", "8")
}

// The limit of a page counts every message: entries that go-ldap decodes, and messages that are no entries.
func TestWhatIsLeftToTheLibraryCountsForThePage(t *testing.T) {
	for name, piece := range map[string]func(id int64) []byte{
		"entries written in an unusual way": func(id int64) []byte { return manyUnusual(id, 90_000) },
		"references":                        func(id int64) []byte { return elements(id, 90_000) },
	} {
		t.Run(name, func(t *testing.T) {
			f := &flood{cut: make(chan struct{})}
			script := &scripted{list: func(s *session, r request) { f.pour(s, piece(r.id)) }}
			_, err := open(t, settings(t, script.serve(t)), 900).List(t.Context(), run.Query{Kind: account.User}, func(account.Object) error { return nil })
			wantProblem(t, err, "", "server_values", "more than 1000000 values")
			<-f.cut
			assert.LessOrEqual(t, f.sent.Load(), int64(16<<20))
			assert.LessOrEqual(t, allocated(t, script, 900, nil, piece), uint64(600<<20))
		})
	}
}

// A listing that never ends would fill the memory, a page at a time.
func TestAListingThatNeverEndsIsCutOff(t *testing.T) {
	endless := &scripted{list: func(s *session, r request) {
		from, _ := strconv.Atoi(r.cookie)
		for i := range int(r.pageSize) {
			s.user(r, from+i+1)
		}
		s.page(r, strconv.Itoa(from+int(r.pageSize)))
	}}
	s := settings(t, endless.serve(t))
	r, err := directory.Options{PageSize: 10, MaxListed: 95}.Open(s)
	require.NoError(t, err)
	t.Cleanup(func() { _ = r.Close() })
	given := 0
	listing, err := r.List(t.Context(), run.Query{Kind: account.User}, func(account.Object) error { given++; return nil })
	wantProblem(t, err, "", "server_listing", "more than 95 objects")
	assert.False(t, listing.Complete, "nobody is removed after it")
	assert.LessOrEqual(t, given, 95)
}
