using System.Globalization;

namespace Paws.Runner.Parallel;

/// <summary>How the ranks of a job were started, and so how they talk.</summary>
public enum Launcher
{
    /// <summary>Nobody: one process.</summary>
    None,

    /// <summary>By mpirun, or srun with PMIx: over MPI.</summary>
    Mpi,

    /// <summary>By torchrun or plain srun: they meet at an address.</summary>
    Address,
}

/// <summary>This process among the ranks of a job, as its environment tells.</summary>
/// <param name="By">Who started it.</param>
/// <param name="Rank">Which it is, from 0.</param>
/// <param name="Size">How many there are.</param>
/// <param name="LocalRank">Which it is on its machine.</param>
/// <param name="LocalSize">How many there are on its machine.</param>
/// <param name="Host">Where rank 0 is, for <see cref="Launcher.Address"/>.</param>
/// <param name="Port">At which port it can be met.</param>
public sealed record Launch(Launcher By, int Rank, int Size, int LocalRank, int LocalSize, string Host = "", int Port = 0)
{
    /// <summary>One process.</summary>
    public static Launch Alone { get; } = new(Launcher.None, 0, 1, 0, 1);

    /// <summary>What the environment says.</summary>
    /// <exception cref="UserErrorException">It contradicts itself.</exception>
    public static Launch Detect() => Detect(Environment.GetEnvironmentVariable);

    /// <summary>What an environment says: Open MPI's variables win over torchrun's, those over Slurm's.</summary>
    public static Launch Detect(Func<string, string?> variable)
    {
        int? Number(string name) =>
            int.TryParse(variable(name), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

        if (Number("OMPI_COMM_WORLD_SIZE") is { } mpiSize && Number("OMPI_COMM_WORLD_RANK") is { } mpiRank)
        {
            return Checked(
                new Launch(
                    Launcher.Mpi,
                    mpiRank,
                    mpiSize,
                    Number("OMPI_COMM_WORLD_LOCAL_RANK") ?? 0,
                    Number("OMPI_COMM_WORLD_LOCAL_SIZE") ?? 1
                )
            );
        }
        if (Number("WORLD_SIZE") is { } worldSize && Number("RANK") is { } rank && variable("MASTER_ADDR") is { Length: > 0 } master)
        {
            // torchrun itself listens at MASTER_PORT.
            var port = (Number("MASTER_PORT") ?? 29500) + 1;
            return Checked(
                new Launch(Launcher.Address, rank, worldSize, Number("LOCAL_RANK") ?? 0, Number("LOCAL_WORLD_SIZE") ?? 1, master, port)
            );
        }
        // The step's own variable: a batch script has SLURM_NTASKS and SLURM_PROCID too, but is one process.
        if (Number("SLURM_STEP_NUM_TASKS") is { } tasks and > 1 && Number("SLURM_PROCID") is { } task)
        {
            var local = Number("SLURM_LOCALID") ?? 0;
            var together = SlurmList.TasksOfNode(variable("SLURM_STEP_TASKS_PER_NODE") ?? "1", Number("SLURM_NODEID") ?? 0);
            if (variable("PMIX_RANK") is { Length: > 0 })
            {
                return Checked(new Launch(Launcher.Mpi, task, tasks, local, together));
            }
            var host = variable("MASTER_ADDR") is { Length: > 0 } given
                ? given
                : SlurmList.FirstHost(variable("SLURM_STEP_NODELIST") ?? variable("SLURM_JOB_NODELIST") ?? "localhost");
            var port = Number("MASTER_PORT") ?? (20000 + ((Number("SLURM_JOB_ID") ?? 0) % 20000));
            return Checked(new Launch(Launcher.Address, task, tasks, local, together, host, port));
        }
        return Alone;
    }

    private static Launch Checked(Launch launch)
    {
        if (launch.Size < 1 || launch.Rank >= launch.Size || launch.LocalRank >= Math.Max(1, launch.LocalSize))
        {
            throw new UserErrorException(
                $"the environment says rank {launch.Rank} of {launch.Size}, {launch.LocalRank} of {launch.LocalSize} on this machine: "
                    + "start all ranks with one mpirun, srun or torchrun"
            );
        }
        return launch.Size == 1 ? Alone : launch;
    }
}
