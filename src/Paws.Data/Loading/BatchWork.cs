using Paws.Data.Augment;
using Paws.Data.Datasets;

namespace Paws.Data.Loading;

/// <summary>
/// A batch being filled by several workers at once. Rows are handed out sample by sample, so that an image is read once a
/// batch however many views it has. Every row has its own place and its own random numbers: who fills it does not matter.
/// </summary>
internal sealed class BatchWork
{
    /// <summary>Samples handed out at once: enough to make handing out cheap, few enough to share a batch evenly.</summary>
    private const int SamplesAtOnce = 4;

    private readonly long[] bytesOfRow;
    private readonly int[] starts; // of each sample's rows in `rows`, and the end
    private readonly long[] rows; // group and row, packed, sorted by sample
    private readonly PixelType type;
    private readonly ulong seed;
    private int next;
    private int left;
    private Exception? failure;

    public BatchWork(BatchPlan plan, PixelType type, ulong seed, MemoryPool pool)
    {
        (Plan, this.type, this.seed) = (plan, type, seed);
        var groups = plan.Groups;
        int total = groups.Sum(g => g.Rows.Length);
        rows = new long[total];
        var samples = new int[total];
        int at = 0;
        for (int group = 0; group < groups.Count; group++)
        for (int row = 0; row < groups[group].Rows.Length; row++, at++)
        {
            rows[at] = Pack(group, row);
            samples[at] = groups[group].Rows[row].Sample;
        }
        Array.Sort(samples, rows);
        var begins = new List<int>(total + 1);
        for (int i = 0; i < total; i++)
            if (i == 0 || samples[i] != samples[i - 1])
                begins.Add(i);
        left = begins.Count;
        begins.Add(total);
        starts = [.. begins];

        bytesOfRow = [.. groups.Select(g => (long)Augmenter.BytesOf(g.Recipe, type))];
        Memory = new BatchMemory[groups.Count];
        int taken = 0;
        try
        {
            for (; taken < groups.Count; taken++)
                Memory[taken] = pool.Take(bytesOfRow[taken] * groups[taken].Rows.Length);
        }
        catch
        {
            while (taken > 0)
                pool.Return(Memory[--taken]);
            throw;
        }
    }

    public BatchPlan Plan { get; }

    public BatchMemory[] Memory { get; }

    private int Samples => starts.Length - 1;

    /// <summary>Whether all samples are in somebody's hands.</summary>
    public bool HandedOut => Volatile.Read(ref next) >= Samples;

    /// <summary>Whether all rows are filled, or filling them failed.</summary>
    public bool Done => Volatile.Read(ref left) == 0;

    /// <summary>What went wrong, once done.</summary>
    public Exception? Failure => failure;

    /// <summary>Fills some samples' rows; true when that completed the batch. After a failure the rest is only counted.</summary>
    public bool FillSome(IImageDataset dataset, ViewWriter writer)
    {
        int first = Interlocked.Add(ref next, SamplesAtOnce) - SamplesAtOnce;
        int end = Math.Min(first + SamplesAtOnce, Samples);
        if (first >= end)
            return false;
        try
        {
            for (int sample = first; sample < end && Volatile.Read(ref failure) is null; sample++)
                Fill(dataset, writer, rows.AsSpan(starts[sample]..starts[sample + 1]));
        }
        catch (Exception problem)
        {
            Interlocked.CompareExchange(ref failure, problem, null);
        }
        return Interlocked.Add(ref left, first - end) == 0;
    }

    private unsafe void Fill(IImageDataset dataset, ViewWriter writer, ReadOnlySpan<long> places)
    {
        var image = writer.Read(dataset, SampleAt(places[0]), Plan.Groups);
        foreach (long place in places)
        {
            var (group, index) = ((int)(place >> 32), (int)place);
            var (recipe, groupRows) = Plan.Groups[group];
            var row = groupRows[index];
            var random = ViewRandom.For(seed, row.Epoch, row.Sample, row.View);
            long bytes = bytesOfRow[group];
            var destination = new Span<byte>((byte*)Memory[group].Pointer + index * bytes, (int)bytes);
            writer.Augmenter.Write(image, recipe, ref random, type, destination);
        }
    }

    private int SampleAt(long place) => Plan.Groups[(int)(place >> 32)].Rows[(int)place].Sample;

    private static long Pack(int group, int row) => ((long)group << 32) | (uint)row;
}
