namespace Paws.Runner.Commands;

/// <summary>Finds the checkpoint that a command line names.</summary>
internal static class CheckpointArgument
{
    /// <summary>The named file, inside the run or as a path of its own, in full; null when none was named.</summary>
    /// <exception cref="UserErrorException">It is in neither place.</exception>
    public static string? Find(string? name, string? runDirectory)
    {
        if (name is null)
        {
            return null;
        }
        string inside = runDirectory is null ? name : Path.Combine(runDirectory, name);
        string? found =
            File.Exists(inside) ? inside
            : File.Exists(name) ? name
            : null;
        return found is null
            ? throw new UserErrorException($"checkpoint {name} does not exist{(runDirectory is null ? "" : $", nor does {inside}")}")
            : Path.GetFullPath(found);
    }
}
