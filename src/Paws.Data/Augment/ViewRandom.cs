namespace Paws.Data.Augment;

/// <summary>
/// Random numbers of one view: splitmix64 started from a hash of (seed, epoch, sample, view), so that a view is a function of
/// these four numbers alone, whichever thread makes it and whatever was made before.
/// </summary>
public struct ViewRandom
{
    private const ulong Step = 0x9E3779B97F4A7C15;
    private ulong state;

    private ViewRandom(ulong state) => this.state = state;

    /// <summary>The numbers of one view.</summary>
    public static ViewRandom For(ulong seed, int epoch, int sample, int view) =>
        new(Hash(Hash(Hash(Hash(seed, 1), (uint)epoch), (uint)sample), (uint)view));

    /// <summary>The numbers of anything named by a seed, a purpose and a position: permutations of an epoch, a class, a pass.</summary>
    internal static ViewRandom For(ulong seed, ulong purpose, long first, long second = 0) =>
        new(Hash(Hash(Hash(Hash(seed, 2), purpose), (ulong)first), (ulong)second));

    /// <summary>64 random bits.</summary>
    public ulong NextBits() => Mix(state += Step);

    /// <summary>Uniform in [0, 1), with 53 random bits.</summary>
    public double NextDouble() => (NextBits() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform in [low, high).</summary>
    public double Uniform(double low, double high) => low + (high - low) * NextDouble();

    /// <summary>Uniform among 0 … count − 1; count at least 1. The bias is below count / 2⁶⁴.</summary>
    public int NextBelow(int count) => (int)Math.BigMul(NextBits(), (ulong)count, out _);

    /// <summary>True with the given probability. Draws nothing when the probability is 0.</summary>
    public bool Chance(double probability) => probability > 0 && NextDouble() < probability;

    /// <summary>Puts the items in a uniformly random order (Fisher and Yates).</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (int last = items.Length - 1; last > 0; last--)
        {
            int other = NextBelow(last + 1);
            (items[last], items[other]) = (items[other], items[last]);
        }
    }

    private static ulong Hash(ulong state, ulong value) => Mix(state * Step + value + Step);

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
