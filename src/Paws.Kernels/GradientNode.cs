using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Paws.Kernels;

/// <summary>
/// A node of libtorch's graph whose gradient is taken by a function of ours. TorchSharp's own custom functions keep an empty copy of every
/// output, as large as the output, and take 50 µs a call; this one speaks to the same native functions and keeps what it is told to.
/// First derivatives only.
/// </summary>
internal sealed unsafe partial class GradientNode
{
    // Nodes that libtorch holds: their delegates must not be collected.
    private static readonly HashSet<GradientNode> Alive = [];

    // What the last call on this thread returned: native code copies the handles only after the call has ended.
    [ThreadStatic]
    private static List<Tensor>? returned;

    // Where native code writes the handle of the output that is being attached on this thread.
    [ThreadStatic]
    private static nint* slot;

    private readonly Func<Tensor, Tensor?[]> gradients;
    private readonly IDisposable[] saved;
    private readonly Apply apply;
    private readonly Action delete;
    private readonly int inputs;
    private nint handles;

    private GradientNode(Func<Tensor, Tensor?[]> gradients, IDisposable[] saved, int inputs)
    {
        (this.gradients, this.saved, this.inputs) = (gradients, saved, inputs);
        (apply, delete) = (OnApply, OnDelete);
    }

    private delegate TensorArray Apply(nint* tensors, int size);

    /// <summary>How many nodes libtorch holds.</summary>
    internal static int Count
    {
        get
        {
            lock (Alive)
            {
                return Alive.Count;
            }
        }
    }

    /// <summary>The output, as the result of an operation on inputs of which at least one takes a gradient.</summary>
    /// <param name="output">Made without a graph; consumed.</param>
    /// <param name="inputs">What it was made from.</param>
    /// <param name="gradients">
    /// The gradient by the output to those by each input, null for none. Called on the thread of the backward pass within a scope of its
    /// own. An exception ends the process: native code lies in between.
    /// </param>
    /// <param name="saved">Freed when libtorch frees the node.</param>
    public static Tensor Attach(Tensor output, Tensor[] inputs, Func<Tensor, Tensor?[]> gradients, IDisposable[] saved)
    {
        var node = new GradientNode(gradients, saved, inputs.Length);
        lock (Alive)
        {
            Alive.Add(node);
        }
        var native = New(Marshal.GetFunctionPointerForDelegate(node.apply), Marshal.GetFunctionPointerForDelegate(node.delete));
        torch.CheckForErrors();
        var from = stackalloc nint[inputs.Length];
        for (var i = 0; i < inputs.Length; i++)
        {
            from[i] = inputs[i].Handle;
        }
        var to = output.Handle;
        nint result = 0;
        slot = &result;
        SetNextEdges(native, new TensorArray(from, inputs.Length), 1);
        ClearInputMetadata(native);
        Wrap(new TensorArray(from, inputs.Length), default, default, new TensorArray(&to, 1), native, &Allocate);
        FreeShared(native);
        FreeWeak(native);
        torch.CheckForErrors();
        var wrapped = Tensor.UnsafeCreateTensor(result);
        output.Dispose();
        GC.KeepAlive(inputs);
        return wrapped;
    }

    private TensorArray OnApply(nint* tensors, int size)
    {
        try
        {
            returned?.ForEach(t => t.Dispose());
            returned = [];
            if (handles == 0)
            {
                handles = (nint)NativeMemory.Alloc((nuint)inputs, (nuint)sizeof(nint));
            }
            var array = (nint*)handles;
            new Span<nint>(array, inputs).Clear();
            if (tensors[0] == 0)
            {
                return new TensorArray(array, inputs);
            }
            if (torch.is_grad_enabled())
            {
                throw new NotSupportedException(
                    "the kernels of bf16 layers have no second derivatives; take them in fp32 or float64 (Encoder.ComputeType)"
                );
            }
            using var scope = NewDisposeScope();
            var upstream = Tensor.UnsafeCreateTensor(tensors[0]);
            var each = gradients(upstream);
            for (var i = 0; i < each.Length; i++)
            {
                if (each[i] is { } gradient)
                {
                    array[i] = gradient.Handle;
                    returned.Add(gradient.DetachFromDisposeScope());
                }
            }
            return new TensorArray(array, inputs);
        }
        catch (Exception e)
        {
            Environment.FailFast($"a gradient could not be taken: {e.Message}", e);
            throw;
        }
    }

    private void OnDelete()
    {
        lock (Alive)
        {
            Alive.Remove(this);
        }
        Array.ForEach(saved, s => s.Dispose());
        NativeMemory.Free((void*)handles);
        handles = 0;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nint* Allocate(nuint count) => slot; // for one output

    [LibraryImport("LibTorchSharp", EntryPoint = "THSAutograd_CSharpNode_ctor")]
    private static partial NodePointers New(nint apply, nint delete);

    [LibraryImport("LibTorchSharp", EntryPoint = "THSAutograd_CSharpNode_setNextEdges")]
    private static partial void SetNextEdges(NodePointers node, TensorArray inputs, byte executable);

    [LibraryImport("LibTorchSharp", EntryPoint = "THSAutograd_CSharpNode_clearInputMetadata")]
    private static partial void ClearInputMetadata(NodePointers node);

    [LibraryImport("LibTorchSharp", EntryPoint = "THSAutograd_Function_wrapOutputs")]
    private static partial void Wrap(
        TensorArray inputs,
        TensorArray nonDifferentiable,
        TensorArray dirty,
        TensorArray outputs,
        NodePointers node,
        delegate* unmanaged[Cdecl]<nuint, nint*> allocate
    );

    [LibraryImport("LibTorchSharp", EntryPoint = "THSAutograd_CSharpNode_disposeSharedPtr")]
    private static partial void FreeShared(NodePointers node);

    [LibraryImport("LibTorchSharp", EntryPoint = "THSAutograd_CSharpNode_disposeWeakPtr")]
    private static partial void FreeWeak(NodePointers node);

    private readonly record struct NodePointers(nint Shared, nint Weak);

    private readonly struct TensorArray(nint* array, long size)
    {
        public readonly nint* Array = array;
        public readonly long Size = size;
    }
}
