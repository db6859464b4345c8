using System.Net.Sockets;
using System.Runtime.InteropServices;
using TorchSharp;

namespace Paws.Runner.Parallel.Tcp;

/// <summary>
/// Collectives of CPU tensors by way of rank 0, for processes that torchrun or Slurm has started without MPI. Every byte passes
/// rank 0: enough for what a run has to agree on beside NCCL and for a few ranks on the CPU, not for gradients of a large cluster.
/// </summary>
public sealed class TcpCollectives : ICollectives
{
    private readonly Socket?[] sockets; // of rank 0: one a rank; of the others: that to rank 0

    private TcpCollectives(int rank, int size, Socket?[] sockets)
    {
        (Rank, Size, this.sockets) = (rank, size, sockets);
    }

    /// <inheritdoc />
    public int Rank { get; }

    /// <inheritdoc />
    public int Size { get; }

    /// <inheritdoc />
    public string Name => "TCP by way of rank 0";

    /// <summary>Meets the others at rank 0's address.</summary>
    /// <exception cref="UserErrorException">They did not all come in time.</exception>
    public static TcpCollectives Join(int rank, int size, string host, int port, TimeSpan patience) =>
        new(rank, size, Rendezvous.Meet(rank, size, host, port, patience));

    /// <inheritdoc />
    public void Sum(torch.Tensor tensor)
    {
        TensorData.Check(tensor);
        var own = TensorData.Span(tensor);
        if (Rank == 0)
        {
            var other = new byte[own.Length];
            for (var rank = 1; rank < Size; rank++)
            {
                Receive(rank, other);
                Add(tensor.dtype, own, other);
            }
            SendToAll(own);
        }
        else
        {
            Send(0, own);
            Receive(0, own);
        }
    }

    /// <inheritdoc />
    public void Gather(torch.Tensor own, torch.Tensor all)
    {
        TensorData.Check(own, all, Size);
        var mine = TensorData.Span(own);
        var whole = TensorData.Span(all);
        if (Rank == 0)
        {
            mine.CopyTo(whole);
            for (var rank = 1; rank < Size; rank++)
            {
                Receive(rank, whole.Slice(rank * mine.Length, mine.Length));
            }
            SendToAll(whole);
        }
        else
        {
            Send(0, mine);
            Receive(0, whole);
        }
    }

    /// <inheritdoc />
    public void Broadcast(torch.Tensor tensor, int root)
    {
        TensorData.Check(tensor);
        var bytes = TensorData.Span(tensor);
        if (Rank == 0)
        {
            if (root != 0)
            {
                Receive(root, bytes);
            }
            SendToAll(bytes, except: root);
        }
        else if (Rank == root)
        {
            Send(0, bytes);
        }
        else
        {
            Receive(0, bytes);
        }
    }

    /// <inheritdoc />
    public void Barrier()
    {
        Span<byte> here = [1];
        if (Rank == 0)
        {
            for (var rank = 1; rank < Size; rank++)
            {
                Receive(rank, here);
            }
            SendToAll(here);
        }
        else
        {
            Send(0, here);
            Receive(0, here);
        }
    }

    /// <summary>Ends this process; the others find its connection closed.</summary>
    public void Abort(int code) => Environment.Exit(code);

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var socket in sockets)
        {
            socket?.Dispose();
        }
    }

    private void SendToAll(ReadOnlySpan<byte> bytes, int except = 0)
    {
        for (var rank = 1; rank < Size; rank++)
        {
            if (rank != except)
            {
                Send(rank, bytes);
            }
        }
    }

    private void Send(int rank, ReadOnlySpan<byte> bytes)
    {
        try
        {
            while (bytes.Length > 0)
            {
                bytes = bytes[sockets[rank]!.Send(bytes)..];
            }
        }
        catch (SocketException e)
        {
            throw Gone(rank, e);
        }
    }

    private void Receive(int rank, Span<byte> bytes)
    {
        try
        {
            while (bytes.Length > 0)
            {
                var got = sockets[rank]!.Receive(bytes);
                if (got == 0)
                {
                    throw Gone(rank);
                }
                bytes = bytes[got..];
            }
        }
        catch (SocketException e)
        {
            throw Gone(rank, e);
        }
    }

    private static CollectiveException Gone(int rank, Exception? why = null) => new($"rank {rank} is gone: its connection is closed", why);

    private static void Add(torch.ScalarType type, Span<byte> sum, ReadOnlySpan<byte> other)
    {
        switch (type)
        {
            case torch.ScalarType.Float32:
                Add(MemoryMarshal.Cast<byte, float>(sum), MemoryMarshal.Cast<byte, float>(other));
                break;
            case torch.ScalarType.Float64:
                Add(MemoryMarshal.Cast<byte, double>(sum), MemoryMarshal.Cast<byte, double>(other));
                break;
            case torch.ScalarType.Int64:
                Add(MemoryMarshal.Cast<byte, long>(sum), MemoryMarshal.Cast<byte, long>(other));
                break;
            case torch.ScalarType.Byte:
                Add(sum, other);
                break;
            default:
                throw TensorData.Unsupported(type);
        }
    }

    private static void Add<T>(Span<T> sum, ReadOnlySpan<T> other)
        where T : unmanaged, System.Numerics.IAdditionOperators<T, T, T>
    {
        for (var i = 0; i < sum.Length; i++)
        {
            sum[i] += other[i];
        }
    }
}
