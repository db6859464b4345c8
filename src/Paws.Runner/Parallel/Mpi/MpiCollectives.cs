using TorchSharp;

namespace Paws.Runner.Parallel.Mpi;

/// <summary>Collectives of CPU tensors over Open MPI, for processes that <c>mpirun</c> or <c>srun --mpi</c> has started.</summary>
public sealed unsafe class MpiCollectives : ICollectives
{
    /// <summary>MPI counts elements in 32 bits; more are taken in several calls.</summary>
    private const int MostAtOnce = 1 << 28;

    private static readonly TimeSpan Nap = TimeSpan.FromMilliseconds(2);

    private readonly MpiLibrary mpi;
    private bool finalized;

    private MpiCollectives(MpiLibrary mpi)
    {
        this.mpi = mpi;
        int rank,
            size;
        Must(mpi.CommRank(mpi.World, &rank), "MPI_Comm_rank");
        Must(mpi.CommSize(mpi.World, &size), "MPI_Comm_size");
        (Rank, Size) = (rank, size);
    }

    /// <inheritdoc />
    public int Rank { get; }

    /// <inheritdoc />
    public int Size { get; }

    /// <inheritdoc />
    public string Name => mpi.Version();

    /// <summary>Joins the other processes. Once in a process: MPI does not start twice.</summary>
    /// <exception cref="UserErrorException">Open MPI is not installed, or does not start here.</exception>
    public static MpiCollectives Join()
    {
        var mpi = MpiLibrary.Load();
        int already;
        Must(mpi.Initialized(&already), "MPI_Initialized");
        if (already == 0)
        {
            int granted;
            Must(mpi.InitThread(0, 0, MpiLibrary.ThreadMultiple, &granted), "MPI_Init_thread");
            // A backward pass on a GPU calls from a thread of libtorch's own.
            if (granted < MpiLibrary.ThreadSerialized)
            {
                throw new UserErrorException("this Open MPI is built without threads; Paws needs one with MPI_THREAD_SERIALIZED");
            }
        }
        return new MpiCollectives(mpi);
    }

    /// <inheritdoc />
    public void Sum(torch.Tensor tensor)
    {
        TensorData.Check(tensor);
        var type = TypeOf(tensor.dtype);
        long count = tensor.numel();
        var address = TensorData.Address(tensor);
        for (long done = 0; done < count; done += MostAtOnce)
        {
            var at = address + (nint)(done * tensor.ElementSize);
            var many = (int)Math.Min(MostAtOnce, count - done);
            Must(mpi.Allreduce(MpiLibrary.InPlace, at, many, type, mpi.OpSum, mpi.World), "MPI_Allreduce");
        }
    }

    /// <inheritdoc />
    public void Gather(torch.Tensor own, torch.Tensor all)
    {
        TensorData.Check(own, all, Size);
        var (type, count) = (TypeOf(own.dtype), checked((int)own.numel()));
        Must(mpi.Allgather(TensorData.Address(own), count, type, TensorData.Address(all), count, type, mpi.World), "MPI_Allgather");
    }

    /// <inheritdoc />
    public void Broadcast(torch.Tensor tensor, int root)
    {
        TensorData.Check(tensor);
        Must(mpi.Bcast(TensorData.Address(tensor), checked((int)tensor.numel()), TypeOf(tensor.dtype), root, mpi.World), "MPI_Bcast");
    }

    /// <summary>MPI's own barrier spins; this one looks now and then.</summary>
    public void Barrier()
    {
        nint request;
        Must(mpi.Ibarrier(mpi.World, &request), "MPI_Ibarrier");
        while (true)
        {
            int done;
            Must(mpi.Test(&request, &done, 0), "MPI_Test");
            if (done != 0)
            {
                return;
            }
            Thread.Sleep(Nap);
        }
    }

    /// <inheritdoc />
    public void Abort(int code)
    {
        _ = mpi.Abort(mpi.World, code);
        Environment.Exit(code);
    }

    /// <summary>Leaves the other processes, when all of them do.</summary>
    public void Dispose()
    {
        if (!finalized)
        {
            finalized = true;
            Barrier();
            _ = mpi.Leave();
        }
    }

    private nint TypeOf(torch.ScalarType type) =>
        type switch
        {
            torch.ScalarType.Float32 => mpi.Float,
            torch.ScalarType.Float64 => mpi.Double,
            torch.ScalarType.Int64 => mpi.Int64,
            torch.ScalarType.Byte => mpi.Byte,
            _ => throw TensorData.Unsupported(type),
        };

    private static void Must(int code, string call)
    {
        if (code != 0)
        {
            throw new CollectiveException($"{call} failed with code {code}");
        }
    }
}
