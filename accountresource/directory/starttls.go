package directory

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"

	"github.com/mailpanel/account-resource/accountresource/resource"
)

const (
	startTLSName = "1.3.6.1.4.1.1466.20037" // RFC 4511, section 4.14
	// maxStartTLSAnswer is all that is read of an answer that nobody vouches for yet.
	maxStartTLSAnswer = 64 << 10
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
	request := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSequence, nil, "LDAP request")
	request.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, 1, "message ID"))
	extended := ber.Encode(ber.ClassApplication, ber.TypeConstructed, ldap.ApplicationExtendedRequest, nil, "StartTLS")
	extended.AppendChild(ber.NewString(ber.ClassContext, ber.TypePrimitive, 0, startTLSName, "name"))
	request.AppendChild(extended)
	if _, err := conn.Write(request.Bytes()); err != nil {
		return fmt.Errorf("ask for StartTLS: %w", err)
	}
	answer, err := ber.ReadPacket(io.LimitReader(conn, maxStartTLSAnswer))
	if err != nil {
		return fmt.Errorf("read the answer to StartTLS: %w", err)
	}
	if len(answer.Children) < 2 || answer.Children[1].Tag != ldap.ApplicationExtendedResponse {
		return errors.New("the answer to StartTLS is none")
	}
	if err := ldap.GetLDAPError(answer); err != nil {
		return fmt.Errorf("StartTLS: %w", err)
	}
	return conn.SetDeadline(time.Time{})
}

func startTLSProblem(c resource.Connection, err error) error {
	key := "starttls_refused"
	if timedOut(err) || errors.Is(err, net.ErrClosed) { // closed by us, when the time was over
		key = "tls_silent"
	}
	return resource.NewProblem("tls", key, err, "Host", c.Host, "Port", strconv.Itoa(c.Port))
}
