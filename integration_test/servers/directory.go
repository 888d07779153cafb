package servers

import (
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"errors"
	"os"
	"testing"

	"github.com/go-ldap/ldap/v3"
)

// advice ends the message of a test that cannot find its server. Such a test fails: one that skipped would look as
// good as one that passed.
const advice = " is not set: run make test"

// lookup is the value of an environment variable that the command in run sets.
func lookup(tb testing.TB, name string) string {
	tb.Helper()
	value := os.Getenv(name)
	if value == "" {
		tb.Fatal(name + advice)
	}
	return value
}

// Samba is the Samba AD that runs for the tests. Several tests use it at once: each works in a Unit of its own.
func Samba(tb testing.TB) Directory {
	tb.Helper()
	var d Directory
	if err := json.Unmarshal([]byte(lookup(tb, envSamba)), &d); err != nil {
		tb.Fatalf("read %s: %v", envSamba, err)
	}
	return d
}

// Connect is a connection bound as the domain admin; it is closed when the test ends.
func (d Directory) Connect(tb testing.TB) *ldap.Conn {
	tb.Helper()
	conn, err := d.dial()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = conn.Close() })
	return conn
}

// TryBind signs in over a connection of its own and gives the server's answer.
func (d Directory) TryBind(tb testing.TB, dn, password string) error {
	tb.Helper()
	return d.Connect(tb).Bind(dn, password)
}

// treeDelete makes a deletion take everything below along (MS-ADTS 3.1.1.3.4.1.15).
const treeDelete = "1.2.840.113556.1.4.805"

// Unit makes an organizational unit that nobody else uses and gives its DN; it goes with all that is in it when the
// test ends.
func (d Directory) Unit(tb testing.TB) string {
	tb.Helper()
	dn := "OU=test-" + rand.Text()[:10] + "," + d.BaseDN
	request := ldap.NewAddRequest(dn, nil)
	request.Attribute("objectClass", []string{"organizationalUnit"})
	if err := d.Connect(tb).Add(request); err != nil {
		tb.Fatalf("make %s: %v", dn, err)
	}
	tb.Cleanup(func() {
		conn, err := d.dial()
		if err != nil {
			tb.Error(err)
			return
		}
		defer conn.Close()
		whole := ldap.NewDelRequest(dn, []ldap.Control{ldap.NewControlString(treeDelete, true, "")})
		if err := conn.Del(whole); err != nil {
			tb.Errorf("remove %s: %v", dn, err)
		}
	})
	return dn
}

func parseCertificate(text string) (*x509.CertPool, error) {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(text)) {
		return nil, errors.New("the directory's CA certificate cannot be read")
	}
	return pool, nil
}
