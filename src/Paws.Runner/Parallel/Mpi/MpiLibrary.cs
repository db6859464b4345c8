using System.Runtime.InteropServices;

namespace Paws.Runner.Parallel.Mpi;

/// <summary>
/// Open MPI's C library: the calls that <see cref="MpiCollectives"/> makes, by address. Its handles (communicator, types, operation)
/// are addresses of exported objects, which is Open MPI's own way: MPICH and its kin have another binary interface.
/// </summary>
internal sealed unsafe partial class MpiLibrary
{
    /// <summary>File names, newest first; Open MPI 4 and 5 share theirs.</summary>
    private static readonly string[] Names = OperatingSystem.IsMacOS()
        ? ["libmpi.40.dylib", "libmpi.dylib"]
        : ["libmpi.so.40", "libmpi.so"];

    // Open MPI's plug-ins look for its symbols among those that everybody sees; NativeLibrary.Load keeps them to itself.
    private const int Now = 2;
    private static readonly int Global = OperatingSystem.IsMacOS() ? 8 : 0x100;

    /// <summary>Stands for the buffer that is both read and written.</summary>
    public const nint InPlace = 1;

    /// <summary>Calls may come from any thread, several at a time.</summary>
    public const int ThreadMultiple = 3;

    /// <summary>Calls may come from any thread, one at a time.</summary>
    public const int ThreadSerialized = 2;

    private readonly nint library;

    private MpiLibrary(nint library)
    {
        this.library = library;
        World = Export("ompi_mpi_comm_world");
        OpSum = Export("ompi_mpi_op_sum");
        Float = Export("ompi_mpi_float");
        Double = Export("ompi_mpi_double");
        Int64 = Export("ompi_mpi_int64_t");
        Byte = Export("ompi_mpi_byte");
        InitThread = (delegate* unmanaged<nint, nint, int, int*, int>)Export("MPI_Init_thread");
        Initialized = (delegate* unmanaged<int*, int>)Export("MPI_Initialized");
        CommRank = (delegate* unmanaged<nint, int*, int>)Export("MPI_Comm_rank");
        CommSize = (delegate* unmanaged<nint, int*, int>)Export("MPI_Comm_size");
        Allreduce = (delegate* unmanaged<nint, nint, int, nint, nint, nint, int>)Export("MPI_Allreduce");
        Allgather = (delegate* unmanaged<nint, int, nint, nint, int, nint, nint, int>)Export("MPI_Allgather");
        Bcast = (delegate* unmanaged<nint, int, nint, int, nint, int>)Export("MPI_Bcast");
        Ibarrier = (delegate* unmanaged<nint, nint*, int>)Export("MPI_Ibarrier");
        Test = (delegate* unmanaged<nint*, int*, nint, int>)Export("MPI_Test");
        Abort = (delegate* unmanaged<nint, int, int>)Export("MPI_Abort");
        Leave = (delegate* unmanaged<int>)Export("MPI_Finalize");
        LibraryVersion = (delegate* unmanaged<byte*, int*, int>)Export("MPI_Get_library_version");
    }

    public nint World { get; }

    public nint OpSum { get; }

    public nint Float { get; }

    public nint Double { get; }

    public nint Int64 { get; }

    public nint Byte { get; }

    public readonly delegate* unmanaged<nint, nint, int, int*, int> InitThread;
    public readonly delegate* unmanaged<int*, int> Initialized;
    public readonly delegate* unmanaged<nint, int*, int> CommRank;
    public readonly delegate* unmanaged<nint, int*, int> CommSize;
    public readonly delegate* unmanaged<nint, nint, int, nint, nint, nint, int> Allreduce;
    public readonly delegate* unmanaged<nint, int, nint, nint, int, nint, nint, int> Allgather;
    public readonly delegate* unmanaged<nint, int, nint, int, nint, int> Bcast;
    public readonly delegate* unmanaged<nint, nint*, int> Ibarrier;
    public readonly delegate* unmanaged<nint*, int*, nint, int> Test;
    public readonly delegate* unmanaged<nint, int, int> Abort;
    public readonly delegate* unmanaged<int> Leave;
    private readonly delegate* unmanaged<byte*, int*, int> LibraryVersion;

    /// <summary>Loads the library; null with the reason where it is not there or is not Open MPI's.</summary>
    public static MpiLibrary? TryLoad(out string why)
    {
        why = "";
        if (OperatingSystem.IsWindows())
        {
            why = "Open MPI does not run on Windows";
            return null;
        }
        foreach (var name in Names)
        {
            try
            {
                var handle = Open(name, Now | Global);
                if (handle != 0)
                {
                    return new MpiLibrary(handle);
                }
                why = $"{Names[0]} is not installed";
            }
            catch (EntryPointNotFoundException e)
            {
                why = $"{name} is not Open MPI's: {e.Message}";
                return null;
            }
            catch (DllNotFoundException e)
            {
                why = e.Message;
                return null;
            }
        }
        return null;
    }

    /// <summary>Loads the library.</summary>
    /// <exception cref="UserErrorException">It is not there.</exception>
    public static MpiLibrary Load() =>
        TryLoad(out var why) ?? throw new UserErrorException($"{why}; install Open MPI (Debian and Ubuntu: apt-get install openmpi-bin)");

    /// <summary>The version in words: <c>Open MPI v4.1.4</c>.</summary>
    public string Version()
    {
        const int longest = 8192; // MPI_MAX_LIBRARY_VERSION_STRING is 256 in Open MPI, 8192 elsewhere
        var text = stackalloc byte[longest];
        int length;
        _ = LibraryVersion(text, &length);
        return (Marshal.PtrToStringUTF8((nint)text) ?? "").Split(',')[0];
    }

    private nint Export(string name)
    {
        var address = Symbol(library, name);
        return address != 0 ? address : throw new EntryPointNotFoundException($"it does not export {name}");
    }

    [LibraryImport("libc", EntryPoint = "dlopen", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint Open(string name, int flags);

    [LibraryImport("libc", EntryPoint = "dlsym", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint Symbol(nint library, string name);
}
