using Paws.Data.Augment;

namespace Paws.Data.Sampling;

/// <summary>
/// Random permutations addressed by number: each is a function of (seed, purpose, stream, number) alone, so a resumed run
/// sees the order it would have seen. The last one of each stream is remembered.
/// </summary>
internal sealed class Permutations(ulong seed, ulong purpose, int stream, int length)
{
    /// <summary>Purposes, so that samplers with one seed do not share an order.</summary>
    public const ulong Unlabeled = 1,
        Classes = 2,
        ImagesOfClass = 3,
        Supervised = 4;

    private sealed record Kept(long Number, int[] Order);

    private Kept? kept;

    /// <summary>0 … length − 1 in the order of permutation <paramref name="number"/>. Not to be written to.</summary>
    public int[] At(long number)
    {
        var last = kept;
        if (last?.Number == number)
            return last.Order;
        var order = new int[length];
        for (int i = 0; i < order.Length; i++)
            order[i] = i;
        var random = ViewRandom.For(seed, purpose, stream, number);
        random.Shuffle<int>(order);
        kept = new Kept(number, order);
        return order;
    }
}
