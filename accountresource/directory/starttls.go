package directory

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"

	"github.com/mailpanel/account-resource/accountresource/resource"
)

const (
	startTLSName = "1.3.6.1.4.1.1466.20037" // RFC 4511, section 4.14
	// maxStartTLSAnswer is the size of the largest answer that is read, in bytes: nobody vouches for it yet.
	maxStartTLSAnswer = 1 << 20
)

// startTLS asks for encryption. It is spoken here rather than by go-ldap, which would turn the reason of a failed
// handshake into text. Exactly the answer is read: what somebody sends behind it in the clear ends the handshake.
func startTLS(ctx context.Context, conn net.Conn) error {
	if deadline, limited := ctx.Deadline(); limited {
		if err := conn.SetDeadline(deadline); err != nil {
			return fmt.Errorf("limit the time for StartTLS: %w", err)
		}
	}
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	if _, err := conn.Write(startTLSRequest()); err != nil {
		return fmt.Errorf("ask for StartTLS: %w", err)
	}
	answer, err := readMessage(conn, maxStartTLSAnswer)
	if err != nil {
		return fmt.Errorf("read the answer to StartTLS: %w", err)
	}
	if err := startTLSResult(answer); err != nil {
		return err
	}
	return conn.SetDeadline(time.Time{})
}

func startTLSRequest() []byte {
	request := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSequence, nil, "LDAP request")
	request.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, 1, "message ID"))
	extended := ber.Encode(ber.ClassApplication, ber.TypeConstructed, ldap.ApplicationExtendedRequest, nil, "StartTLS")
	extended.AppendChild(ber.NewString(ber.ClassContext, ber.TypePrimitive, 0, startTLSName, "name"))
	request.AppendChild(extended)
	return request.Bytes()
}

// startTLSResult is nil where the server agrees.
func startTLSResult(answer []byte) error {
	e, ok := openEnvelope(answer)
	if !ok || e.op != tagExtended {
		return errors.New("the answer to StartTLS is none")
	}
	code, text, ok := resultOf(e.body)
	switch {
	case !ok:
		return errors.New("the answer to StartTLS cannot be read")
	case code != ldap.LDAPResultSuccess:
		return fmt.Errorf("StartTLS: %w", ldap.NewError(code, errors.New(text)))
	}
	return nil
}

func startTLSProblem(c resource.Connection, err error) error {
	if problem := limitProblem(c, err); problem != nil {
		return problem
	}
	key := "starttls_refused"
	if timedOut(err) || errors.Is(err, net.ErrClosed) { // closed by us, when the time was over
		key = "tls_silent"
	}
	return resource.NewProblem("tls", key, newMasker(c.BindPassword).cause(err), "Host", c.Host, "Port", strconv.Itoa(c.Port))
}
