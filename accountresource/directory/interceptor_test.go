package directory_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/directory"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// identified is an entry of a user with a name, as an answer to request number id.
func identified(id int64, name string) []byte {
	attribute := func(name, value string) *ber.Packet {
		return sequence(ber.ClassUniversal, ber.TagSequence, octets(name), sequence(ber.ClassUniversal, ber.TagSet, octets(value)))
	}
	return message(id, sequence(ber.ClassApplication, ldap.ApplicationSearchResultEntry, octets(userDN(1)),
		sequence(ber.ClassUniversal, ber.TagSequence, attribute("objectGUID", "0123456789abcdef"), attribute("displayName", name))))
}

// unusual is an entry with an element behind its attributes, which go-ldap has to read.
func unusual(id int64) []byte {
	attribute := sequence(ber.ClassUniversal, ber.TagSequence, octets("objectGUID"), sequence(ber.ClassUniversal, ber.TagSet, octets("0123456789abcdef")))
	name := sequence(ber.ClassUniversal, ber.TagSequence, octets("displayName"), sequence(ber.ClassUniversal, ber.TagSet, octets("A")))
	return message(id, sequence(ber.ClassApplication, ldap.ApplicationSearchResultEntry, octets(userDN(1)),
		sequence(ber.ClassUniversal, ber.TagSequence, attribute, name), octets("more")))
}

// endless is a message with its length left open, which LDAP forbids and go-ldap reads.
func endless(whole []byte) []byte {
	head := 2
	if whole[1] > 0x80 {
		head += int(whole[1] & 0x7f)
	}
	return append(append([]byte{whole[0], 0x80}, whole[head:]...), 0, 0)
}

func TestEntriesAreReadHoweverTheyAreWritten(t *testing.T) {
	long := strings.Repeat("x", 70_000)
	for name, c := range map[string]struct {
		answer func(s *session, r request)
		want   []string
	}{
		"at once": {func(s *session, r request) { _, _ = s.Write(append(identified(r.id, "A"), identified(r.id, "B")...)) }, []string{"A", "B"}},
		"byte by byte": {func(s *session, r request) {
			for _, b := range identified(r.id, "A") {
				_, _ = s.Write([]byte{b})
			}
		}, []string{"A"}},
		"very long":                 {func(s *session, r request) { _, _ = s.Write(identified(r.id, long)) }, []string{long}},
		"written in an unusual way": {func(s *session, r request) { _, _ = s.Write(unusual(r.id)) }, []string{"A"}},
		"answers another request":   {func(s *session, r request) { _, _ = s.Write(identified(r.id+7, "A")) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			sc := &scripted{list: func(s *session, r request) {
				c.answer(s, r)
				s.page(r, "")
			}}
			var got []string
			listing, err := open(t, settings(t, sc.serve(t)), 10).List(t.Context(), run.Query{Kind: account.User}, func(o account.Object) error {
				got = append(got, o.Profile[account.Name])
				return nil
			})
			require.NoError(t, err)
			require.True(t, listing.Complete)
			require.Equal(t, c.want, got)
		})
	}
}

// FuzzAnswers has a server say anything at all in answer to a listing: the entries are those that go-ldap by itself
// would find, and where that finds an error there is one.
func FuzzAnswers(f *testing.F) {
	end := message(2, sequence(ber.ClassApplication, ldap.ApplicationSearchResultDone,
		ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagEnumerated, 0, ""), octets(""), octets("")),
		sequence(ber.ClassContext, 0, sequence(ber.ClassUniversal, ber.TagSequence, octets(ldap.ControlTypePaging),
			octets("\x30\x05\x02\x01\x00\x04\x00"))))
	one := identified(2, "A")
	f.Add(append(append([]byte{}, one...), end...))
	f.Add(append(endless(one), end...))
	f.Add(append(identified(3, "B"), end...))
	f.Add(one[:len(one)-1])
	f.Add([]byte{0x30, 0x84})
	f.Add(append([]byte{0x30, 0x03, 0x02, 0x01, 0x02}, end...))
	f.Fuzz(func(t *testing.T, answer []byte) {
		plain := ldap.NewConn(saying(t, answer), false)
		plain.Start()
		defer plain.Close()
		require.NoError(t, plain.Bind("reader", "secret"))
		paging := ldap.NewControlPaging(10)
		want, wrong := plain.Search(ldap.NewSearchRequest(scriptedBase, ldap.ScopeWholeSubtree, 0, 0, 0, false, "(cn=*)", nil,
			[]ldap.Control{paging}))

		s := resource.Defaults()
		s.Connection.Host, s.Connection.TLS, s.Connection.Timeout = "fuzz", false, 30
		s.Connection.BindPassword = resource.NewSecret("secret")
		r, err := directory.Options{Dial: func(context.Context, string, string) (net.Conn, error) {
			return saying(t, answer), nil
		}}.Open(s)
		require.NoError(t, err)
		defer func() { _ = r.Close() }()
		listing, err := r.List(t.Context(), run.Query{Kind: account.User}, func(account.Object) error { return nil })
		if wrong != nil {
			require.Error(t, err)
			return
		}
		found := 0
		for _, e := range want.Entries {
			if len(e.GetEqualFoldRawAttributeValue("objectGUID")) == 16 {
				found++
			}
		}
		require.LessOrEqual(t, listing.Count, len(want.Entries))
		if err == nil {
			require.Equal(t, found, listing.Count)
		}
	})
}

// saying is a connection to a server that lets anybody in, answers a search with what it is told to, and hangs up.
func saying(t *testing.T, answer []byte) net.Conn {
	client, server := net.Pipe()
	t.Cleanup(func() { _ = client.Close() })
	go func() {
		defer server.Close()
		_ = server.SetDeadline(time.Now().Add(30 * time.Second))
		for {
			packet, err := ber.ReadPacket(server)
			if err != nil {
				return
			}
			if r := parse(packet); r.op == ldap.ApplicationBindRequest {
				(&session{Conn: server}).result(r, ldap.ApplicationBindResponse, 0, "")
				continue
			}
			_, _ = server.Write(answer)
			return
		}
	}()
	return client
}
