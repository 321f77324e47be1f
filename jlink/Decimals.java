import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.Opcode;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.NewObjectInstruction;
import java.lang.classfile.instruction.StackInstruction;

/// Leaves out the four `BigDecimal` constants of Jackson's parser, which are the limits of integers for numbers with a fraction: the
/// program reads none of those from JSON.
///
/// To initialize `BigDecimal` the JDK computes powers of five with tens of thousands of digits, on several threads: a tenth of the
/// processor time of `kv GET`.
final class Decimals {
    private static final String PARSER = "tools/jackson/core/base/ParserMinimalBase";
    private static final String BIG_DECIMAL = "java/math/BigDecimal";

    private Decimals() {
    }

    /// For every class; only that of the parser changes: `new BigDecimal(CONSTANT)` becomes null.
    static ClassTransform dropConstants(ClassModel in) {
        if (!in.thisClass().asInternalName().equals(PARSER)) {
            return ClassTransform.ACCEPT_ALL;
        }
        return ClassTransform.transformingMethodBodies(method -> method.methodName().equalsString("<clinit>"), (CodeTransform) Decimals::replace);
    }

    private static void replace(CodeBuilder code, CodeElement element) {
        boolean isPartOfConstant = element instanceof NewObjectInstruction made && made.className().asInternalName().equals(BIG_DECIMAL)
                || element instanceof StackInstruction stack && stack.opcode() == Opcode.DUP
                || element instanceof FieldInstruction field && field.opcode() == Opcode.GETSTATIC;
        if (element instanceof InvokeInstruction call && call.owner().asInternalName().equals(BIG_DECIMAL)) {
            code.aconst_null();
        } else if (!isPartOfConstant) {
            code.with(element);
        }
    }
}
