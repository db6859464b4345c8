namespace Paws.Data.Sampling;

/// <summary>
/// One worker's part of what all see together: a run of consecutive rows. The parts cover everything, in the order of the ranks, and
/// differ by one row at most. <c>default</c> is the whole.
/// </summary>
public readonly record struct Shard
{
    private readonly int others; // so that default is rank 0 of 1

    /// <param name="rank">This worker, from 0.</param>
    /// <param name="world">Number of workers.</param>
    public Shard(int rank, int world)
    {
        Ranks.Check(rank, world);
        (Rank, others) = (rank, world - 1);
    }

    /// <summary>This worker.</summary>
    public int Rank { get; }

    /// <summary>Number of workers.</summary>
    public int World => others + 1;

    /// <summary>Where this worker's part of so many rows begins.</summary>
    public int Start(int rows) => StartOf(Rank, rows);

    /// <summary>How many of the rows are this worker's.</summary>
    public int Count(int rows) => StartOf(Rank + 1, rows) - StartOf(Rank, rows);

    /// <summary>How many of the rows are each worker's.</summary>
    public int[] Counts(int rows)
    {
        var counts = new int[World];
        for (int rank = 0; rank < counts.Length; rank++)
            counts[rank] = StartOf(rank + 1, rows) - StartOf(rank, rows);
        return counts;
    }

    /// <summary>This worker's part.</summary>
    public ReadOnlySpan<T> Of<T>(ReadOnlySpan<T> all) => all.Slice(Start(all.Length), Count(all.Length));

    private int StartOf(int rank, int rows) => (int)((long)rows * rank / World);
}
