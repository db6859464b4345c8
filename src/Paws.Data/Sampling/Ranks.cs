namespace Paws.Data.Sampling;

/// <summary>What samplers share about workers.</summary>
internal static class Ranks
{
    /// <summary>Refuses a rank outside [0, world).</summary>
    public static void Check(int rank, int world)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(world, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(rank);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(rank, world);
    }

    /// <summary>A number a rank, for people.</summary>
    public static string Times(int each, int world) => world == 1 ? $"{each}" : $"{each} on each of {world} ranks";
}
