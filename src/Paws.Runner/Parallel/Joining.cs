using System.Runtime.InteropServices;
using Paws.Runner.Parallel.Mpi;
using Paws.Runner.Parallel.Tcp;
using Paws.Runner.Startup;

namespace Paws.Runner.Parallel;

/// <summary>From how a process was started to its place among the others.</summary>
internal static partial class Joining
{
    private const string VisibleDevices = "CUDA_VISIBLE_DEVICES";

    /// <summary>How long ranks wait for each other at an address.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>Joins the other ranks. Before libtorch is first used.</summary>
    /// <exception cref="UserErrorException">They cannot be reached.</exception>
    public static Workers Join(Launch launch)
    {
        if (launch.By == Launcher.None)
        {
            return Workers.Single;
        }
        TakeDevice(launch);
        LibTorch.Prepare();
        ICollectives collectives =
            launch.By == Launcher.Mpi
                ? MpiCollectives.Join()
                : TcpCollectives.Join(launch.Rank, launch.Size, launch.Host, launch.Port, Patience);
        if (collectives.Size != launch.Size)
        {
            throw new UserErrorException(
                $"this process was started as one of {launch.Size} ranks, but MPI knows {collectives.Size}: "
                    + "use the mpirun of the installed Open MPI, or srun with --mpi=pmix"
            );
        }
        return new Workers(collectives, launch);
    }

    /// <summary>
    /// Of several ranks on a machine each sees one GPU, which then is cuda:0 to it: nothing in the process can take another by
    /// mistake. A launcher that has given each rank its own is left alone.
    /// </summary>
    private static void TakeDevice(Launch launch)
    {
        if (launch.LocalSize == 1 || !OperatingSystem.IsLinux() || !CudaDriver.IsInstalled())
        {
            return;
        }
        var given = Environment.GetEnvironmentVariable(VisibleDevices);
        var devices = given?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (devices is { Length: <= 1 })
        {
            return;
        }
        if (devices is not null && launch.LocalRank >= devices.Length)
        {
            throw new UserErrorException(
                $"rank {launch.Rank} is the {launch.LocalRank + 1}th on its machine, but {VisibleDevices}={given} names {devices.Length} GPUs"
            );
        }
        // .NET's own copy of the environment is not what CUDA reads.
        _ = SetVariable(VisibleDevices, devices?[launch.LocalRank] ?? launch.LocalRank.ToString(), 1);
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetVariable(string name, string value, int overwrite);
}
