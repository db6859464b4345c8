using static TorchSharp.torch;

namespace Paws.Runner.Checkpoints;

/// <summary>Element types that checkpoints carry: the name safetensors gives them, torch's type, and bytes an element.</summary>
internal readonly record struct TensorType(string Name, ScalarType Scalar, int Bytes)
{
    private static readonly TensorType[] All =
    [
        new("F64", ScalarType.Float64, 8),
        new("F32", ScalarType.Float32, 4),
        new("F16", ScalarType.Float16, 2),
        new("BF16", ScalarType.BFloat16, 2),
        new("I64", ScalarType.Int64, 8),
        new("I32", ScalarType.Int32, 4),
        new("I16", ScalarType.Int16, 2),
        new("I8", ScalarType.Int8, 1),
        new("U8", ScalarType.Byte, 1),
        new("BOOL", ScalarType.Bool, 1),
    ];

    /// <summary>The type of that safetensors name, or null.</summary>
    public static TensorType? OfName(string name) => Find(type => type.Name == name);

    /// <summary>The type of that torch element type, or null.</summary>
    public static TensorType? OfScalar(ScalarType scalar) => Find(type => type.Scalar == scalar);

    /// <summary>Whether elements are real numbers, so that a conversion keeps their meaning.</summary>
    public static bool IsFloating(ScalarType scalar) =>
        scalar is ScalarType.Float64 or ScalarType.Float32 or ScalarType.Float16 or ScalarType.BFloat16;

    private static TensorType? Find(Predicate<TensorType> wanted)
    {
        int at = Array.FindIndex(All, wanted);
        return at < 0 ? null : All[at];
    }
}
