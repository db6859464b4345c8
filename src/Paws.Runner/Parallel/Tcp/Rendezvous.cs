using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Paws.Runner.Parallel.Tcp;

/// <summary>
/// How the ranks of a job find each other without MPI: rank 0 listens at an address that all know, the others call it and say who
/// they are. The connections are kept: they are those of <see cref="TcpCollectives"/>.
/// </summary>
internal static class Rendezvous
{
    private const int Greeting = 0x50415753; // "PAWS": somebody else's connection is not taken for a rank
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>Connections of rank 0 to the others by rank (its own place is null), or of another rank to rank 0 at place 0.</summary>
    /// <param name="rank">This process.</param>
    /// <param name="size">How many there are.</param>
    /// <param name="host">Where rank 0 listens: name or address.</param>
    /// <param name="port">At which port.</param>
    /// <param name="patience">How long to wait for the others.</param>
    /// <exception cref="UserErrorException">They did not all come.</exception>
    public static Socket?[] Meet(int rank, int size, string host, int port, TimeSpan patience) =>
        rank == 0 ? Receive(size, port, patience) : [Call(rank, size, host, port, patience)];

    private static Socket?[] Receive(int size, int port, TimeSpan patience)
    {
        var clock = Stopwatch.StartNew();
        var ranks = new Socket?[size];
        using var door = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp) { DualMode = true };
        try
        {
            door.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            door.Bind(new IPEndPoint(IPAddress.IPv6Any, port));
            door.Listen(size);
            for (var here = 1; here < size; )
            {
                var left = patience - clock.Elapsed;
                if (left <= TimeSpan.Zero || !door.Poll(left, SelectMode.SelectRead))
                {
                    var missing = Enumerable.Range(1, size - 1).Where(r => ranks[r] is null);
                    throw new UserErrorException(
                        $"ranks {string.Join(", ", missing)} of {size} did not call rank 0 at port {port} within {patience.TotalSeconds:0} s; "
                            + "start them too, and let them through the firewall"
                    );
                }
                var socket = door.Accept();
                if (Greeted(socket, size) is { } rank && ranks[rank] is null)
                {
                    ranks[rank] = socket;
                    here++;
                }
                else
                {
                    socket.Dispose();
                }
            }
            return ranks;
        }
        catch (SocketException e)
        {
            Close(ranks);
            throw new UserErrorException($"rank 0 cannot listen at port {port}: {e.Message}; set another with MASTER_PORT", e);
        }
        catch
        {
            Close(ranks);
            throw;
        }
    }

    private static Socket Call(int rank, int size, string host, int port, TimeSpan patience)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                socket.Connect(host, port);
                var hello = new byte[12];
                BinaryPrimitives.WriteInt32LittleEndian(hello, Greeting);
                BinaryPrimitives.WriteInt32LittleEndian(hello.AsSpan(4), size);
                BinaryPrimitives.WriteInt32LittleEndian(hello.AsSpan(8), rank);
                socket.Send(hello);
                return socket;
            }
            catch (SocketException e)
            {
                socket.Dispose();
                if (clock.Elapsed > patience)
                {
                    throw new UserErrorException(
                        $"rank {rank} does not reach rank 0 at {host}:{port} within {patience.TotalSeconds:0} s: {e.Message}; "
                            + "check MASTER_ADDR and MASTER_PORT",
                        e
                    );
                }
            }
            Thread.Sleep(Pause);
        }
    }

    /// <summary>The rank that a caller says it is; null where it is no rank of this job.</summary>
    private static int? Greeted(Socket socket, int size)
    {
        var hello = new byte[12];
        socket.NoDelay = true;
        socket.ReceiveTimeout = 5000;
        try
        {
            for (var read = 0; read < hello.Length; )
            {
                var got = socket.Receive(hello.AsSpan(read));
                if (got == 0)
                {
                    return null;
                }
                read += got;
            }
        }
        catch (SocketException)
        {
            return null;
        }
        socket.ReceiveTimeout = 0;
        var rank = BinaryPrimitives.ReadInt32LittleEndian(hello.AsSpan(8));
        return
            BinaryPrimitives.ReadInt32LittleEndian(hello) == Greeting
            && BinaryPrimitives.ReadInt32LittleEndian(hello.AsSpan(4)) == size
            && rank > 0
            && rank < size
            ? rank
            : null;
    }

    private static void Close(Socket?[] sockets)
    {
        foreach (var socket in sockets)
        {
            socket?.Dispose();
        }
    }
}
