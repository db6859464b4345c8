using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Paws.Kernels;

/// <summary>The output pixels of a tile from the sums of its parts, so many numbers apart: what <see cref="RowTransform"/> says of y.</summary>
internal static unsafe class TileSums
{
    /// <summary>The pixels of a tile; those that it does not have are of no use.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Pixels(
        Filtering filtering,
        float* sums,
        nint part,
        out Vector512<float> left,
        out Vector512<float> right,
        out Vector512<float> lowerLeft,
        out Vector512<float> lowerRight
    )
    {
        if (filtering == Filtering.Square)
        {
            Square(sums, part, out left, out right, out lowerLeft, out lowerRight);
            return;
        }
        Row(filtering, sums, part, out left, out right);
        (lowerLeft, lowerRight) = (left, right);
    }

    /// <summary>The pixels of a tile in one row; of one pixel, right is of no use.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Row(Filtering filtering, float* sums, nint part, out Vector512<float> left, out Vector512<float> right)
    {
        var (p0, p1, p2) = (Vector512.Load(sums), Vector512.Load(sums + part), Vector512.Load(sums + 2 * part));
        left = filtering == Filtering.Spread ? p0 : p0 + p1 + p2;
        right =
            filtering == Filtering.Spread ? p1 + p2
            : filtering == Filtering.Strided ? p0
            : p1 - p2 - Vector512.Load(sums + 3 * part);
    }

    /// <summary>The pixels of a tile in two rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Square(
        float* sums,
        nint part,
        out Vector512<float> left,
        out Vector512<float> right,
        out Vector512<float> lowerLeft,
        out Vector512<float> lowerRight
    )
    {
        Row(Filtering.Plain, sums, part, out var l0, out var r0);
        Row(Filtering.Plain, sums + 4 * part, part, out var l1, out var r1);
        Row(Filtering.Plain, sums + 8 * part, part, out var l2, out var r2);
        Row(Filtering.Plain, sums + 12 * part, part, out var l3, out var r3);
        left = l0 + l1 + l2;
        right = r0 + r1 + r2;
        lowerLeft = l1 - l2 - l3;
        lowerRight = r1 - r2 - r3;
    }
}
