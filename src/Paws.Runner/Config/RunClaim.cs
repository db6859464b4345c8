using Paws.Data;

namespace Paws.Runner.Config;

/// <summary>
/// A run directory taken by the process that writes into it, before anything else is done there, until the process ends: no other can
/// take it meanwhile. A directory that was made for the claim and into which nothing was written is removed again with it.
/// </summary>
internal sealed class RunClaim : IDisposable
{
    /// <summary>The lock inside a run directory; it names the process that has it.</summary>
    public const string LockName = ".lock";

    private const int MostNames = 10_000;

    private readonly LockFile held;
    private readonly IReadOnlyList<string> made;

    private RunClaim(string directory, LockFile held, IReadOnlyList<string> made)
    {
        (Directory, this.held, this.made) = (directory, held, made);
    }

    /// <summary>The directory that was taken.</summary>
    public string Directory { get; }

    /// <summary>Who had it before and ended without giving it back; else null.</summary>
    public string? LeftBy => held.LeftBy?.Words;

    /// <summary>Takes a directory.</summary>
    /// <param name="directory">Full path; it is made if it is not there.</param>
    /// <param name="resume">Whether the run there is continued.</param>
    /// <param name="config">The run's configuration, see <see cref="RunDirectory.Check"/>.</param>
    /// <param name="anyName">Nobody has asked for this name: where it is taken, -2, -3, … is put behind it.</param>
    /// <exception cref="UserErrorException">Another process has it, or the run may not go there.</exception>
    public static RunClaim Take(string directory, bool resume, PawsConfig config, bool anyName = false)
    {
        if (!anyName)
        {
            return TakeNamed(directory, resume, config);
        }
        for (var number = 1; number < MostNames; number++)
        {
            if (TakeUnused(number == 1 ? directory : FormattableString.Invariant($"{directory}-{number}")) is { } claim)
            {
                return claim;
            }
        }
        throw new UserErrorException($"{directory} and all names like it are taken; choose a directory with --out");
    }

    /// <summary>Whether another process has the directory, and in words which.</summary>
    public static bool IsTaken(string directory, out string words)
    {
        var taken = LockFile.IsTaken(Path.Combine(directory, LockName), out var holder);
        words = Words(directory, holder);
        return taken;
    }

    /// <summary>Gives the directory back.</summary>
    public void Dispose()
    {
        held.Dispose();
        Remove(made);
    }

    private static RunClaim TakeNamed(string directory, bool resume, PawsConfig config)
    {
        RunDirectory.Check(directory, resume, config);
        var made = Make(directory);
        var held = Lock(directory, FileMode.OpenOrCreate, made, out var holder);
        if (held is null)
        {
            throw new UserErrorException($"{Words(directory, holder)}; {Remedy(directory, holder)}");
        }
        var claim = new RunClaim(directory, held, made);
        try
        {
            RunDirectory.Check(directory, resume, config); // as it is now that nobody else can change it
            RunDirectory.Sweep(directory);
            return claim;
        }
        catch
        {
            claim.Dispose();
            throw;
        }
    }

    private static RunClaim? TakeUnused(string directory)
    {
        if (File.Exists(directory) || (System.IO.Directory.Exists(directory) && !RunDirectory.IsUnused(directory)))
        {
            return null;
        }
        var made = Make(directory);
        // Of several processes that come here together, one makes the file.
        if (Lock(directory, FileMode.CreateNew, made, out _) is not { } held)
        {
            return null;
        }
        if (RunDirectory.IsUnused(directory))
        {
            return new RunClaim(directory, held, made);
        }
        held.Dispose();
        return null;
    }

    private static LockFile? Lock(string directory, FileMode mode, IReadOnlyList<string> made, out LockHolder? holder)
    {
        while (true)
        {
            try
            {
                return LockFile.TryTake(Path.Combine(directory, LockName), out holder, mode);
            }
            catch (DirectoryNotFoundException)
            {
                // Another process had made it too, and has removed it again.
                System.IO.Directory.CreateDirectory(directory);
            }
            catch (IOException error)
            {
                Remove(made);
                throw new UserErrorException(
                    $"{directory} cannot be written: {error.Message.TrimEnd('.')}; choose another directory with --out",
                    error
                );
            }
        }
    }

    private static string Words(string directory, LockHolder? holder) => $"{directory} is in use by {holder?.Words ?? "another process"}";

    private static string Remedy(string directory, LockHolder? holder) =>
        holder is { IsHere: false }
            ? $"wait until that process has ended (if it has, delete {Path.Combine(directory, LockName)}), or choose another directory with --out"
            : "wait until that process has ended, or choose another directory with --out";

    /// <summary>Makes a folder and those above it; returns the ones that were not there, the innermost first.</summary>
    private static List<string> Make(string directory)
    {
        var missing = new List<string>();
        for (var at = directory; at is not null && !System.IO.Directory.Exists(at); at = Path.GetDirectoryName(at))
        {
            missing.Add(at);
        }
        try
        {
            System.IO.Directory.CreateDirectory(directory);
        }
        catch (IOException error)
        {
            throw new UserErrorException(
                $"{directory} cannot be made: {error.Message.TrimEnd('.')}; choose another directory with --out",
                error
            );
        }
        return missing;
    }

    /// <summary>Removes folders that are empty.</summary>
    private static void Remove(IEnumerable<string> folders)
    {
        try
        {
            foreach (var folder in folders)
            {
                System.IO.Directory.Delete(folder);
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Something is in it: then it stays, and those above it too.
        }
    }
}
